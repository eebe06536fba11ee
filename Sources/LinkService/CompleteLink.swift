internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import Protobuf
internal import RPC
internal import Store

extension LinkingService {
  /// Finishes the link that the proofs belong to, once.
  func complete(_ proofs: Proofs, _ caller: Caller) async throws(Failure) -> CompleteLinkResponse {
    let key = RecordKey.link(tenant: caller.tenant, secretDigest: proofs.secretDigest)
    do throws(Failure) {
      // What does not fit must not be in the way of what does.
      guard
        let link = try await records.link(tenant: caller.tenant, secretDigest: proofs.secretDigest),
        proofs.match(link.record)
      else { throw .linkNotFound }
      return try await completions.run(key, proofs) { [self] in
        do throws(Failure) {
          return .success(try await step(proofs, caller, key))
        } catch { return .failure(error) }
      }
    } catch {
      // Written down whatever it was that did not fit: the time must not tell.
      if error.reason == .linkNotFound {
        try await audit(.refuseLink, "profiles/\(proofs.profile)", by: caller)
      }
      throw error
    }
  }

  private func step(
    _ proofs: Proofs, _ caller: Caller, _ key: Key
  ) async throws(Failure) -> CompleteLinkResponse {
    guard
      let link = try await records.link(tenant: caller.tenant, secretDigest: proofs.secretDigest),
      proofs.match(link.record)
    else { throw .linkNotFound }
    let open = OpenLink(service: self, caller: caller, key: key, proofs: proofs)
    switch link.record.state {
    case .pending: return try await open.finish(link)
    case .exchanging: return try await open.resume(link)
    default: return try replay(link.record.end, proofs)
    }
  }

  private func replay(_ end: LinkEnd?, _ proofs: Proofs) throws(Failure) -> CompleteLinkResponse {
    guard let end, proofs.isRepeat(ofRequestID: end.requestID, digest: end.requestDigest) else {
      throw .linkNotFound
    }
    switch end.answer {
    case .response(let response): return response
    case .failure(let failure): throw Failure(failure)
    case nil: throw .broken("a link has ended without an answer")
    }
  }
}

/// A link that is being finished.
///
/// Every step is durable before the next one is taken.
private struct OpenLink {
  let service: LinkingService
  let caller: Caller
  let key: Key
  let proofs: Proofs

  private typealias Link = Records.Versioned<LinkRecord>

  private var x: XClient { service.x.serving(caller.tenant) }

  func finish(_ link: Records.Versioned<LinkRecord>) async throws(Failure) -> CompleteLinkResponse {
    guard service.clock.now() < link.record.expireTime ?? Timestamp() else { throw .linkNotFound }
    guard let verifier = proofs.verifier else { return try await end(link, .denied, .userDenied) }
    try await service.audit(.completeLink, "links/\(link.record.linkID)", by: caller)
    let consumed = try await consume(link)
    if consumed.record.linkMethod == .oauth2 {
      return try await exchange(code: verifier, for: consumed)
    }
    let token: AccessGrant
    do throws(XFailure) {
      token = try await x.accessToken(
        for: consumed.record, verifier: verifier, timeout: service.limits.providerTimeout)
    } catch { return try await failed(consumed, error) }
    guard let user = LinkedUser(token, for: consumed.record) else {
      return try await end(consumed, .failed, .userNotNamed)
    }
    return try await save(user, for: consumed)
  }

  /// OAuth 2.0: the tokens do not say whose they are, so they are kept before that is asked.
  private func exchange(
    code: String, for link: Records.Versioned<LinkRecord>
  ) async throws(Failure) -> CompleteLinkResponse {
    let grant: TokenGrant
    do throws(XFailure) {
      grant = try await x.tokens(
        for: link.record, code: code, timeout: service.limits.providerTimeout)
    } catch { return try await failed(link, error) }
    let tokens = AccountTokens(
      grant, asked: link.record.scopes, by: service.x.provider.code, at: service.clock.now())
    return try await identify(tokens, of: try await keep(tokens, of: link))
  }

  private func keep(_ tokens: AccountTokens, of link: Link) async throws(Failure) -> Link {
    var record = link.record
    record.tokens = LinkTokens(tokens)
    do throws(Failure) { return try await write(record, over: link) } catch {
      throw .accountNotKept(error)
    }
  }

  /// Asks whose the tokens are.
  ///
  /// Where no answer comes, nothing changes, and the call can be repeated.
  private func identify(
    _ tokens: AccountTokens, of link: Link
  ) async throws(Failure) -> CompleteLinkResponse {
    let identity: Identity
    do throws(XFailure) {
      identity = try await x.identity(
        ofToken: Secret(tokens.token), keys: link.record.keys,
        timeout: service.limits.providerTimeout)
    } catch {
      let diagnosis = XDiagnosis(ofAccount: error)
      // What is wrong with the account or the app stays so.
      guard diagnosis.code == .failedPrecondition else { throw diagnosis.failure }
      return try await end(link, .failed, diagnosis.failure, ending: tokens)
    }
    guard let user = LinkedUser(identity, tokens) else {
      return try await end(link, .failed, .userNotNamed, ending: tokens)
    }
    return try await save(user, for: link)
  }

  /// Goes on with a link for which the provider was asked.
  ///
  /// Nobody in this process is at it, or `Completions` would not have let us in. Where there are no
  /// tokens, a process has died before it could write down what the provider said.
  func resume(_ link: Records.Versioned<LinkRecord>) async throws(Failure) -> CompleteLinkResponse {
    guard let end = link.record.end else { throw .linkNotFound }
    if let tokens = link.record.tokens, proofs.isSame(as: end) {
      return try await identify(AccountTokens(tokens), of: link)
    }
    guard proofs.isRepeat(ofRequestID: end.requestID, digest: end.requestDigest) else {
      throw .linkNotFound
    }
    return try await self.end(link, .outcomeUnknown, .linkOutcomeUnknown)
  }

  /// Writes down that the provider is about to be asked.
  ///
  /// From here on no other call, in this process or the next, will ask with this verifier.
  private func consume(_ link: Link) async throws(Failure) -> Link {
    var record = link.record
    record.state = .exchanging
    record.end = proofs.end(nil)
    return try await write(record, over: link)
  }

  private func failed(
    _ link: Link, _ failure: XFailure
  ) async throws(Failure) -> CompleteLinkResponse {
    switch failure.effect {
    case .none:
      var record = link.record
      record.state = .pending
      record.end = nil
      _ = try await write(record, over: link)
      throw diagnosis(of: failure, link).failure
    case .refused: return try await end(link, .failed, diagnosis(of: failure, link).failure)
    case .unknown: return try await end(link, .outcomeUnknown, .linkOutcomeUnknown)
    }
  }

  private func diagnosis(of failure: XFailure, _ link: Link) -> XDiagnosis {
    let redirect = link.record.redirectURI
    return XDiagnosis(
      failure, returning: redirect.isEmpty ? .pin : .callback(redirect),
      by: link.record.linkMethod)
  }

  /// Ends the link with a failure that a repeated call is told of again; tokens that came of it all
  /// the same are to be ended.
  private func end(
    _ link: Link, _ state: LinkState, _ failure: Failure, ending tokens: AccountTokens? = nil,
    of user: String = ""
  ) async throws(Failure) -> CompleteLinkResponse {
    var record = link.record
    record.conclude(state, proofs.end(.failure(failure.record)))
    var change = Change()
    if let tokens {
      try change.put(
        RevocationRecord(link.record, tokens, of: user, at: service.clock.now()),
        at: RecordKey.revocation(tenant: record.tenant, id: try Revocations.newID()))
    }
    _ = try await write(record, over: link, change)
    throw failure
  }

  private func write(
    _ record: LinkRecord, over link: Link, _ change: Change = Change()
  ) async throws(Failure) -> Link {
    var change = change
    try change.put(record, at: key)
    change.require(key, version: link.version)
    guard let version = try await service.records.commit(change) else { throw .linkNotFound }
    return Link(record: record, version: version)
  }
}

extension OpenLink {
  /// Keeps the account and the end of the link, both or neither.
  private func save(
    _ user: LinkedUser, for link: Link
  ) async throws(Failure) -> CompleteLinkResponse {
    do throws(Failure) {
      return try await service.ledger.write(tenant: link.record.tenant) {
        () async throws(Failure) in
        try await account(of: user, for: link)
      }
    } catch {
      // X has taken the verifier: whatever the store says, something was done.
      guard error.reason == .accountInOtherProfile else { throw .accountNotKept(error) }
      return try await end(link, .failed, error, ending: user.tokens, of: user.id)
    }
  }

  private func account(
    of user: LinkedUser, for link: Link
  ) async throws(Failure) -> Draft<CompleteLinkResponse> {
    if link.record.accountSharing != .allow {
      let holders = try await AccountHolders(
        service.records, tenant: link.record.tenant, provider: link.record.provider, id: user.id)
      if holders.isHeld(outside: link.record.profile) { throw .accountInOtherProfile }
    }
    let linked = try await AccountChange(
      service.records, link.record, user, now: service.clock.now())
    var record = link.record
    record.conclude(.linked, proofs.end(.response(linked.response)))
    var draft = Draft(change: linked.change, event: linked.event, value: linked.response)
    try draft.change.put(record, at: key)
    draft.change.require(key, version: link.version)
    return draft
  }
}

extension LinkRecord {
  /// The record of a link whose exchange nobody will finish.
  var givenUp: LinkRecord {
    var record = self
    var end = record.end ?? LinkEnd()
    end.answer = .failure(Failure.linkOutcomeUnknown.record)
    record.conclude(.outcomeUnknown, end)
    return record
  }

  /// Ends the link.
  ///
  /// What was secret about it is of no use any more and goes.
  fileprivate mutating func conclude(_ state: LinkState, _ end: LinkEnd) {
    self.state = state
    self.end = end
    self.keys = nil
    self.requestTokenSecret = ""
    self.tokens = nil
  }
}

extension Proofs {
  /// Whether this is the request that has begun to finish the link, with or without a request_id.
  fileprivate func isSame(as end: LinkEnd) -> Bool {
    requestID.utf8.elementsEqual(end.requestID.utf8)
      && constantTimeEquals(requestDigest, end.requestDigest)
  }

  /// What a repeat of this request is told.
  fileprivate func end(_ answer: LinkEnd.Answer?) -> LinkEnd {
    var end = LinkEnd()
    end.requestID = requestID
    end.requestDigest = requestDigest
    end.answer = answer
    return end
  }

  /// What the provider asks for, unless the user said no.
  fileprivate var verifier: String? {
    switch outcome {
    case .granted(_, let verifier): verifier
    case .pin(let pin): pin
    case .code(_, let code): code
    case .denied: nil
    }
  }
}

extension Failure {
  fileprivate static let userDenied = Failure(
    code: .failedPrecondition, reason: .userDenied, actor: .endUser,
    message: "the user did not agree on the provider's page")

  fileprivate static let accountInOtherProfile = Failure(
    code: .failedPrecondition, reason: .accountInOtherProfile, actor: .developer,
    message: "this account is linked in another profile; see StartLinkRequest.account_sharing")

  fileprivate static let userNotNamed = Failure(
    code: .unavailable, reason: .providerUnavailable, actor: .provider,
    message: "X gave a token but did not say of which user: start a new link")

  fileprivate static func accountNotKept(_ cause: Failure) -> Failure {
    Failure(
      code: .aborted, reason: .linkOutcomeUnknown, actor: .operator,
      message: "X has finished this link but linkd could not keep the account: start a new one",
      cause: cause)
  }

  fileprivate static let linkOutcomeUnknown = Failure(
    code: .aborted, reason: .linkOutcomeUnknown, actor: .developer,
    message: "the provider was asked to finish this link and its answer was lost: start a new one")
}
