internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import Protobuf
internal import Store
internal import TextCoding

/// Ends tokens of forgotten accounts at the provider: now if it answers, and otherwise again and
/// again, ever more rarely, until it has done so or nothing is to be hoped for any more.
struct Revocations: Sendable {
  private static let idLength = 10

  let records: Records
  let x: XClient
  let clock: WallClock

  static func newID() throws(Failure) -> String {
    do { return Hex.encode(try Random.bytes(idLength)) } catch {
      throw .broken("no randomness", cause: error)
    }
  }

  /// Asks the provider once, whatever the time, and writes down what came of it; tells, too, whether
  /// nothing is to be hoped for any more.
  ///
  /// Does not fail: what could not be done now stays to be done.
  func attempt(
    _ key: Key, timeout: Duration
  ) async -> (revocation: TokenRevocation, isGivenUp: Bool) {
    do throws(Failure) {
      guard let found = try await records.revocation(at: key) else { return (.done, false) }
      let outcome = try await outcome(of: found.record, tenant: key.tenant, timeout)
      var change = Change()
      change.require(key, version: found.version)
      if let next = outcome.next { try change.put(next, at: key) } else { change.delete(key) }
      _ = try await records.commit(change)
      return (outcome.revocation, outcome.revocation == .pending && outcome.next == nil)
    } catch { return (.pending, false) }
  }

  private func outcome(
    of record: RevocationRecord, tenant: String, _ timeout: Duration
  ) async throws(Failure) -> (revocation: TokenRevocation, next: RevocationRecord?) {
    // Linked again before the provider could be told: it gave the same token for the same account.
    let holders = try await AccountHolders(
      records, tenant: tenant, provider: record.provider, id: record.providerAccountID)
    if try await holders.need(record) { return (.stillNeeded, nil) }
    if record.providerAccountID.isEmpty,
      try await AccountHolders.mayNeed(record, records, tenant: tenant)
    {
      return (.pending, record.postponed(at: clock.now(), after: nil))
    }
    let x = x.serving(tenant)
    do throws(XFailure) {
      if record.linkMethod == .oauth2 {
        try await x.endCodeToken(of: record, timeout: timeout)
      } else {
        try await x.endToken(of: record, timeout: timeout)
      }
      return (.done, nil)
    } catch {
      if error.saysTokenIsGone { return (.done, nil) }
      return (.pending, record.postponed(at: clock.now(), after: error.retryAfter))
    }
  }
}

extension Change {
  /// Has the tokens of a link ended that nobody finishes.
  mutating func endTokens(
    of link: LinkRecord, tenant: String, at now: Timestamp
  ) throws(Failure) {
    guard let revocation = RevocationRecord(abandoned: link, at: now) else { return }
    try put(revocation, at: RecordKey.revocation(tenant: tenant, id: try Revocations.newID()))
  }
}

extension RevocationRecord {
  /// The token of an account that has just been forgotten.
  init(_ account: AccountRecord, at now: Timestamp) {
    self.init()
    provider = account.account?.provider ?? .unspecified
    keys = account.keys
    linkMethod = account.linkMethod
    // Ending what renews it ends the token, too.
    token = account.refreshToken.isEmpty ? account.token : account.refreshToken
    tokenSecret = account.tokenSecret
    self.account = account.account?.name ?? ""
    providerAccountID = account.account?.providerAccountID ?? ""
    createTime = now
    // Until then whoever forgot the account is asking.
    nextTime = now.adding(LinkLimits.firstRevocationPause)
  }

  /// The tokens of a link that nobody finishes, if it has any.
  init?(abandoned link: LinkRecord, at now: Timestamp) {
    guard let tokens = link.tokens else { return nil }
    self.init(link, AccountTokens(tokens), of: "", at: now)
  }

  /// The tokens of a link that has come to nothing, of a user who may not even be known.
  init(_ link: LinkRecord, _ tokens: AccountTokens, of user: String, at now: Timestamp) {
    self.init()
    provider = link.provider
    keys = link.keys
    linkMethod = link.linkMethod.orOAuth1
    token = tokens.refreshToken.isEmpty ? tokens.token : tokens.refreshToken
    tokenSecret = tokens.secret
    providerAccountID = user
    createTime = now
    nextTime = now
  }

  /// The record after an attempt that has failed; nil once nothing is to be hoped for any more.
  func postponed(at now: Timestamp, after pause: Duration?) -> RevocationRecord? {
    guard now < (createTime ?? now).adding(LinkLimits.revocationLifetime) else { return nil }
    var next = self
    next.attempts = attempts &+ 1
    let doublings = min(max(0, attempts), LinkLimits.revocationDoublings)
    let doubled = LinkLimits.firstRevocationPause * Int(1 << doublings)
    next.nextTime = now.adding(
      max(min(doubled, LinkLimits.longestRevocationPause), pause ?? .zero))
    return next
  }
}
