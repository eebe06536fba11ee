internal import LinkAPI
package import Protobuf
internal import Store

/// What linkd does without being asked: looks once a day whether each account still works, ends the
/// tokens of unlinked accounts, removes links that have come to their end, and sees to it that nothing
/// of all that can be read on the disk afterwards.
///
/// One pass does what is due then, and a pass that is cut short is made good by the next one. Two
/// processes on one store do not disturb each other: what one has taken, the other leaves.
public struct Upkeep: Sendable {
  let service: LinkingService

  /// Keeps what this service answers from.
  public init(_ service: LinkingService) { self.service = service }

  /// Makes a pass every minute until the task is cancelled, and tells what each has done.
  public func run(_ report: @Sendable (UpkeepReport) -> Void = { _ in }) async {
    var lastErasure: Timestamp?
    while !Task.isCancelled {
      var done = await pass()
      await erase(&done, last: &lastErasure)
      report(done)
      try? await Task.sleep(for: LinkLimits.upkeepPause)
    }
  }

  /// Has destroyed what the disk still holds of the past: at once if a token has ended, and else now
  /// and then, the first time after the start, for the process before may not have come to it.
  package func erase(_ report: inout UpkeepReport, last: inout Timestamp?) async {
    let now = service.clock.now()
    // A clock that was put back is no reason to wait.
    let isRecent = last.map { !(now < $0) && now < $0.adding(LinkLimits.erasurePause) } ?? false
    guard report.tokensEnded > 0 || !isRecent else { return }
    do throws(Failure) {
      try await service.records.eraseReplaced()
      last = now
    } catch { report.storeFailures += 1 }
  }

  /// Does what is due now.
  package func pass() async -> UpkeepReport {
    var report = UpkeepReport()
    for part in [endTokens, checkAccounts, purgeLinks, purgeStarts] {
      do throws(Failure) { try await part(&report) } catch { report.storeFailures += 1 }
    }
    return report
  }

  /// Steps through all records whose keys begin with `prefix`, a page at a time.
  func walk<Record: Message>(
    _ type: Record.Type, under prefix: Key,
    _ visit: ([(key: Key, found: Records.Versioned<Record>)]) async throws(Failure) -> Void
  ) async throws(Failure) {
    var last: Key?
    while !Task.isCancelled {
      let page = try await service.records.page(
        type, under: prefix, after: last, limit: LinkLimits.upkeepPage)
      guard let end = page.last else { return }
      try await visit(page)
      last = end.key
      await Task.yield()
    }
  }
}

extension Upkeep {
  /// Whether the provider is not to be left alone.
  func mayAsk(
    _ question: ProviderQuestion, with keys: ConsumerKeys?, of tenant: String
  ) -> Bool {
    let subject = ProviderBreaker.Subject(question, with: keys, of: tenant)
    return service.x.breaker.refusal(of: subject, at: service.clock.now()) == nil
  }

  private func endTokens(_ report: inout UpkeepReport) async throws(Failure) {
    var ended = 0
    var pending = 0
    try await walk(RevocationRecord.self, under: RecordKey.revocations) {
      (page) async throws(Failure) in
      for (key, found) in page {
        guard !(service.clock.now() < found.record.nextTime ?? Timestamp()),
          mayAsk(
            found.record.linkMethod == .oauth2 ? .codeRevocation : .invalidateToken,
            with: found.record.keys, of: key.tenant)
        else {
          pending += 1
          continue
        }
        let outcome = await service.revocations.attempt(
          key, timeout: service.limits.providerTimeout)
        if outcome.isGivenUp {
          report.tokensGivenUp += 1
        } else if outcome.revocation == .pending {
          pending += 1
        } else {
          ended += 1
        }
      }
    }
    report.tokensEnded += ended
    report.tokensPending += pending
  }

  private func purgeLinks(_ report: inout UpkeepReport) async throws(Failure) {
    var purged = 0
    try await walk(LinkRecord.self, under: RecordKey.links) { (page) async throws(Failure) in
      var change = Change()
      for (key, found) in page {
        switch LinkFate(of: found.record, at: service.clock.now()) {
        case .keep: continue
        case .delete: change.delete(key)
        case .giveUp:
          try change.put(found.record.givenUp, at: key)
          try change.endTokens(of: found.record, tenant: key.tenant, at: service.clock.now())
        }
        change.require(key, version: found.version)
        purged += 1
      }
      // A conflict means that somebody is at one of them: the next pass finds the rest.
      if !change.isEmpty { _ = try await service.records.commit(change) }
    }
    report.recordsPurged += purged
  }

  private func purgeStarts(_ report: inout UpkeepReport) async throws(Failure) {
    var purged = 0
    try await walk(StartRecord.self, under: RecordKey.starts) { (page) async throws(Failure) in
      var change = Change()
      for (key, found) in page {
        let expiry = found.record.response?.expireTime ?? Timestamp()
        guard !(service.clock.now() < expiry) else { continue }
        change.delete(key)
        change.require(key, version: found.version)
        purged += 1
      }
      if !change.isEmpty { _ = try await service.records.commit(change) }
    }
    report.recordsPurged += purged
  }
}
