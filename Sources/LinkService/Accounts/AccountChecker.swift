internal import LinkAPI
internal import OAuth
internal import Protobuf

/// Asks X about accounts, and keeps what it says.
struct AccountChecker: Sendable {
  let records: Records
  let ledger: AccountLedger
  let x: XClient
  let clock: WallClock
  let renewals: TokenRenewals
  /// What a renewal may take: see `TokenRenewal.timeout`.
  let renewalTimeout: Duration

  /// The account after a check, and who its user is if the token works.
  struct Checked: Sendable {
    let account: Account
    var identity: Identity?
  }

  /// Asks now, and returns the account as it is then.
  ///
  /// Throws if the question could not be asked; the account stays as it was.
  func check(
    _ name: AccountName, of tenant: String, withProfile: Bool = false, timeout: Duration
  ) async throws(Failure) -> Checked {
    let asked = try await records.account(name, of: tenant).record
    guard asked.linkMethod == .oauth2 else {
      let verdict = try await verdict(on: asked, of: tenant, timeout)
      return try await keep(verdict, on: asked, name, of: tenant)
    }
    // Renewing the token costs nothing and proves that it works; asking who the user is costs a
    // read, which is done only where that is wanted or there is no other way.
    switch try await renew(name, of: tenant, isForced: !withProfile) {
    case .troubled(let verdict): return try await keep(verdict, on: asked, name, of: tenant)
    case .good(let record, let wasRenewed):
      let mustAsk = withProfile || !wasRenewed
      let verdict = mustAsk ? try await ask(record, of: tenant, timeout) : .renewed
      return try await keep(verdict, on: record, name, of: tenant)
    }
  }

  /// The record of an account with a token that is good for a while; one that could not be renewed
  /// is in the state that says so.
  func readied(
    _ name: AccountName, of tenant: String
  ) async throws(Failure) -> AccountRecord {
    let found = try await records.account(name, of: tenant).record
    guard found.linkMethod == .oauth2 else { return found }
    switch try await renew(name, of: tenant, isForced: false) {
    case .good(let record, _): return record
    case .troubled(let verdict):
      _ = try await keep(verdict, on: found, name, of: tenant)
      return try await records.account(name, of: tenant).record
    }
  }

  private func renew(
    _ name: AccountName, of tenant: String, isForced: Bool
  ) async throws(Failure) -> TokenRenewals.Outcome {
    let renewal = TokenRenewal(
      records: records, x: x, clock: clock, name: name, tenant: tenant, timeout: renewalTimeout)
    let key = RecordKey.account(tenant: tenant, profile: name.profile, account: name.account)
    while true {
      let outcome = try await renewals.run(key) {
        do throws(Failure) {
          return .success(try await renewal.run(isForced: isForced))
        } catch { return .failure(error) }
      }
      // Whom we waited for had no need to ask X, but we do.
      guard isForced, case .good(let record, wasRenewed: false) = outcome,
        !record.refreshToken.isEmpty
      else { return outcome }
    }
  }

  /// Writes down what was said of the account with the token of `asked`.
  private func keep(
    _ verdict: AccountVerdict, on asked: AccountRecord, _ name: AccountName, of tenant: String
  ) async throws(Failure) -> Checked {
    let key = RecordKey.account(tenant: tenant, profile: name.profile, account: name.account)
    return try await ledger.write(tenant: tenant) { () async throws(Failure) in
      var current = try await records.account(name, of: tenant)
      // Linked again meanwhile: what was said is about a token that is gone.
      guard current.record.token.utf8.elementsEqual(asked.token.utf8) else {
        return Draft(value: Checked(account: current.record.account ?? Account()))
      }
      let isNews = current.record.apply(verdict, at: clock.now())
      let account = current.record.account ?? Account()
      var draft = Draft(value: Checked(account: account, identity: verdict.identity))
      try draft.change.put(current.record, at: key)
      draft.change.require(key, version: current.version)
      if isNews { draft.event = AccountEvent(.stateChanged, account, at: clock.now()) }
      return draft
    }
  }

  private func verdict(
    on record: AccountRecord, of tenant: String, _ timeout: Duration
  ) async throws(Failure) -> AccountVerdict {
    let own = KeyPair(keys: record.keys ?? ConsumerKeys(), version: record.keySetVersion)
    let first = try await ask(record, own, of: tenant, timeout)
    // The pair has been replaced since the account was linked: perhaps the new one works.
    guard case .troubled(.reauthRequired, _) = first,
      let newer = try await records.newerPair(for: record, of: tenant)
    else { return first }
    let second = try await ask(record, newer, of: tenant, timeout)
    if case .works = second { return second }
    return first
  }

  /// The same by OAuth 2.0.
  private func ask(
    _ record: AccountRecord, of tenant: String, _ timeout: Duration
  ) async throws(Failure) -> AccountVerdict {
    try await judge(
      record, KeyPair(keys: record.keys ?? ConsumerKeys(), version: record.keySetVersion)
    ) {
      () async throws(XFailure) in
      try await x.serving(tenant).identity(
        ofToken: Secret(record.token), keys: record.keys, timeout: timeout)
    }
  }

  private func ask(
    _ record: AccountRecord, _ pair: KeyPair, of tenant: String, _ timeout: Duration
  ) async throws(Failure) -> AccountVerdict {
    try await judge(record, pair) { () async throws(XFailure) in
      try await x.serving(tenant).identity(of: record, keys: pair.keys, timeout: timeout)
    }
  }

  private func judge(
    _ record: AccountRecord, _ pair: KeyPair,
    _ identity: () async throws(XFailure) -> Identity
  ) async throws(Failure) -> AccountVerdict {
    do throws(XFailure) {
      let identity = try await identity()
      let id = record.account?.providerAccountID ?? ""
      guard identity.userID.utf8.elementsEqual(id.utf8) else { throw .wrongUser }
      return .works(identity, pair)
    } catch {
      guard let verdict = AccountVerdict(error, at: clock.now()) else {
        throw XDiagnosis(ofAccount: error).failure
      }
      return verdict
    }
  }
}
