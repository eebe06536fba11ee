internal import LinkAPI
internal import OAuth
internal import Protobuf

/// Asks X about accounts, and keeps what it says.
struct AccountChecker: Sendable {
  let records: Records
  let ledger: AccountLedger
  let x: XClient
  let clock: WallClock

  /// The account after a check, and who its user is if the token works.
  struct Checked: Sendable {
    let account: Account
    var identity: Identity?
  }

  /// Asks now, and returns the account as it is then.
  ///
  /// Throws if the question could not be asked; the account stays as it was.
  func check(
    _ name: AccountName, of tenant: String, timeout: Duration
  ) async throws(Failure) -> Checked {
    let asked = try await records.account(name, of: tenant).record
    let verdict = try await verdict(on: asked, of: tenant, timeout)
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
    let first = try await ask(record, own, timeout)
    // The pair has been replaced since the account was linked: perhaps the new one works.
    guard case .troubled(.reauthRequired, _) = first,
      let newer = try await records.newerPair(for: record, of: tenant)
    else { return first }
    let second = try await ask(record, newer, timeout)
    if case .works = second { return second }
    return first
  }

  private func ask(
    _ record: AccountRecord, _ pair: KeyPair, _ timeout: Duration
  ) async throws(Failure) -> AccountVerdict {
    do throws(XFailure) {
      let identity = try await x.identity(of: record, keys: pair.keys, timeout: timeout)
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
