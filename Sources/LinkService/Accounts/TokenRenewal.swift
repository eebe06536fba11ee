internal import LinkAPI
internal import OAuth
internal import Protobuf
internal import Store
internal import Synchronization

/// Renewals under way: of many who need an account's token, one renews it and the others wait for
/// what comes of it.
///
/// The work runs in a task of its own: a caller that goes away must not stop an exchange that uses
/// the refresh token up.
final class TokenRenewals: Sendable {
  /// What came of a renewal, or what made one unnecessary.
  enum Outcome: Sendable {
    /// The account has a token that is good for a while, which X may have been asked for or not.
    case good(AccountRecord, wasRenewed: Bool)
    /// It cannot have one.
    case troubled(AccountVerdict)
  }

  typealias Work = Task<Result<Outcome, Failure>, Never>

  private let running = Mutex<[Key: Work]>([:])

  /// Runs `work` unless the account's token is being renewed already.
  func run(
    _ key: Key, _ work: @escaping @Sendable () async -> Result<Outcome, Failure>
  ) async throws(Failure) -> Outcome {
    let task = running.withLock { running in
      if let first = running[key] { return first }
      let task = Work {
        let result = await work()
        self.running.withLock { $0[key] = nil }
        return result
      }
      running[key] = task
      return task
    }
    return try await task.value.get()
  }

  /// Waits until none is under way.
  func drain() async {
    while let work = running.withLock({ $0.values.first }) { _ = await work.value }
  }
}

/// Renews the token of one account (RFC 6749 section 6) at a provider that takes a refresh token
/// once.
///
/// What is about to happen is durable before it does: who finds `renewing` in a record knows that
/// the refresh token in it may be used up. The new tokens are durable before they are used, and
/// only then is the old one forgotten.
struct TokenRenewal: Sendable {
  /// How often others may change the account before we give up.
  private static let attempts = 8

  let records: Records
  let x: XClient
  let clock: WallClock
  let name: AccountName
  let tenant: String
  /// What the provider may take, whatever is left of a caller's time: without its answer the refresh
  /// token is lost.
  let timeout: Duration

  private var key: Key {
    RecordKey.account(tenant: tenant, profile: name.profile, account: name.account)
  }

  /// Renews the token if it needs it, or in any case where `isForced`, as long as that can be done.
  func run(isForced: Bool) async throws(Failure) -> TokenRenewals.Outcome {
    for _ in 0..<Self.attempts {
      let found = try await records.account(name, of: tenant)
      let mustRenew = found.record.needsRenewal(at: clock.now())
      guard !found.record.refreshToken.isEmpty else {
        return mustRenew
          ? .troubled(.hasRunOut(at: clock.now())) : .good(found.record, wasRenewed: false)
      }
      guard mustRenew || isForced else { return .good(found.record, wasRenewed: false) }
      var claimed = found.record
      claimed.renewing = true
      guard try await write(claimed, over: found.version) else { continue }
      return try await exchange(claimed, wasInDoubt: found.record.renewing)
    }
    throw .contended
  }

  private func exchange(
    _ record: AccountRecord, wasInDoubt: Bool
  ) async throws(Failure) -> TokenRenewals.Outcome {
    let pair: KeyPair
    let grant: TokenGrant
    do throws(XFailure) {
      (grant, pair) = try await ask(record)
    } catch {
      // Its answer may be under way: the refresh token stays in doubt.
      guard error.effect != .unknown else { throw XDiagnosis(ofAccount: error).failure }
      if !wasInDoubt { try await settle(record) }
      if wasInDoubt, error.saysTokenIsGone { return .troubled(.renewalLost(at: clock.now())) }
      guard let verdict = AccountVerdict(error, at: clock.now()) else {
        throw XDiagnosis(ofAccount: error).failure
      }
      return .troubled(verdict)
    }
    return try await keep(grant, pair, inPlaceOf: record)
  }

  /// Asks with the account's own keys, and where those are refused with what has replaced them.
  private func ask(_ record: AccountRecord) async throws(XFailure) -> (TokenGrant, KeyPair) {
    let own = KeyPair(keys: record.keys ?? ConsumerKeys(), version: record.keySetVersion)
    do throws(XFailure) {
      return (
        try await x.serving(tenant).renewal(of: record, keys: own.keys, timeout: timeout), own
      )
    } catch {
      guard error.saysKeysAreWrong,
        let newer = try? await records.newerPair(for: record, of: tenant)
      else { throw error }
      return (
        try await x.serving(tenant).renewal(of: record, keys: newer.keys, timeout: timeout), newer
      )
    }
  }

  /// Puts the new tokens in the place of the old ones; those of an account that is gone, or was
  /// linked again meanwhile, are to be ended.
  private func keep(
    _ grant: TokenGrant, _ pair: KeyPair, inPlaceOf old: AccountRecord
  ) async throws(Failure) -> TokenRenewals.Outcome {
    let now = clock.now()
    var renewed = old
    let tokens = AccountTokens(
      grant, asked: old.account?.scopes ?? [], by: x.provider.code, at: now)
    renewed.take(tokens)
    if tokens.refreshToken.isEmpty { renewed.refreshToken = old.refreshToken }
    for _ in 0..<Self.attempts {
      let found = try await records.account(
        tenant: tenant, profile: name.profile, id: name.account)
      guard var record = found?.record,
        record.refreshToken.utf8.elementsEqual(old.refreshToken.utf8)
      else {
        try await endLater(renewed, at: now)
        guard let found else { throw .accountNotFound }
        return .good(found.record, wasRenewed: false)
      }
      (record.keys, record.keySetVersion) = (pair.keys, pair.version)
      record.take(tokens)
      record.refreshToken = renewed.refreshToken
      if try await write(record, over: found?.version) {
        return .good(record, wasRenewed: true)
      }
    }
    throw .contended
  }

  private func endLater(_ record: AccountRecord, at now: Timestamp) async throws(Failure) {
    var change = Change()
    try change.put(
      RevocationRecord(record, at: now),
      at: RecordKey.revocation(tenant: tenant, id: try Revocations.newID()))
    _ = try await records.commit(change)
  }

  /// The provider has said no: the refresh token is what it was.
  private func settle(_ record: AccountRecord) async throws(Failure) {
    let found = try await records.account(tenant: tenant, profile: name.profile, id: name.account)
    guard var settled = found?.record, settled.renewing,
      settled.refreshToken.utf8.elementsEqual(record.refreshToken.utf8)
    else { return }
    settled.renewing = false
    // Somebody else was quicker: the doubt that stays is one too many, and does no harm.
    _ = try await write(settled, over: found?.version)
  }

  private func write(
    _ record: AccountRecord, over version: UInt64?
  ) async throws(Failure) -> Bool {
    var change = Change()
    try change.put(record, at: key)
    change.require(key, version: version)
    return try await records.commit(change) != nil
  }
}

extension AccountVerdict {
  /// The token's time is up, and there is nothing to renew it with.
  fileprivate static func hasRunOut(at time: Timestamp) -> AccountVerdict {
    .troubled(
      .revoked,
      AccountProblem(
        .linkRevoked, "The token has run out, and the provider gave nothing to renew it with.",
        at: time))
  }

  /// The refresh token was used up by a renewal whose answer never came.
  fileprivate static func renewalLost(at time: Timestamp) -> AccountVerdict {
    .troubled(
      .reauthRequired,
      AccountProblem(
        .reauthRequired, "linkd was cut off while the token was renewed, and the new one was lost.",
        at: time))
  }
}

extension AccountProblem {
  fileprivate init(_ reason: ErrorReason, _ summary: String, at time: Timestamp) {
    self.init()
    self.time = time
    self.reason = reason
    actor = .endUser
    self.summary = summary
    action = "Link the account again."
  }
}
