internal import LinkAPI
internal import Store

extension Upkeep {
  private typealias Account = (key: Key, found: Records.Versioned<AccountRecord>)

  /// Asks about the accounts whose time has come.
  func checkAccounts(_ report: inout UpkeepReport) async throws(Failure) {
    var checked = 0
    var failed = 0
    try await walk(AccountRecord.self, under: RecordKey.accounts) {
      (page) async throws(Failure) in
      let schedule = CheckSchedule(at: service.clock.now())
      let due = page.filter { schedule.isDue($0.found.record, at: $0.key) }
      for batch in due.batches(of: LinkLimits.upkeepConcurrency) {
        // What is left alone now is due later the same day.
        let admitted = batch.filter { account in
          mayAsk(
            account.found.record.linkMethod == .oauth2 ? .codeRenewal : .verifyCredentials,
            with: account.found.record.keys, of: account.key.tenant)
        }
        for isAnswered in await check(admitted, on: schedule.day) {
          checked += 1
          failed += isAnswered ? 0 : 1
        }
      }
    }
    report.accountsChecked += checked
    report.checksFailed += failed
  }

  private func check(_ accounts: [Account], on day: Int64) async -> [Bool] {
    await withTaskGroup(of: Bool?.self) { group in
      for account in accounts { group.addTask { await check(account, on: day) } }
      return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
    }
  }

  /// Asks about one account, and returns whether that was answered; nil if somebody else has changed
  /// it or is asking.
  private func check(_ account: Account, on day: Int64) async -> Bool? {
    let record = account.found.record
    guard let name = AccountName(record.account?.name ?? "") else { return nil }
    do throws(Failure) {
      guard try await claim(account, on: day) else { return nil }
      _ = try await service.checker.check(
        name, of: account.key.tenant, timeout: service.limits.providerTimeout)
      return true
    } catch {
      // X was not asked, or has not counted it.
      if [.xRateLimited, .askedTooOften].contains(error.reason) {
        try? await giveBack(record.checkDay, name, of: account.key)
      }
      return false
    }
  }

  private func giveBack(
    _ day: Int64, _ name: AccountName, of key: Key
  ) async throws(Failure) {
    var found = try await service.records.account(name, of: key.tenant)
    found.record.checkDay = day
    var change = Change()
    try change.put(found.record, at: key)
    change.require(key, version: found.version)
    _ = try await service.records.commit(change)
  }

  /// Writes down that the account is asked about today, before it is: at most once a day, whatever
  /// happens in between.
  private func claim(_ account: Account, on day: Int64) async throws(Failure) -> Bool {
    var record = account.found.record
    record.checkDay = day
    var change = Change()
    try change.put(record, at: account.key)
    change.require(account.key, version: account.found.version)
    return try await service.records.commit(change) != nil
  }
}

extension Array {
  /// The elements in order, so many at a time.
  fileprivate func batches(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
