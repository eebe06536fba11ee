internal import LinkAPI
internal import Protobuf
internal import RPC

/// The one door through which accounts change, so that every change stands in the tenant's feed,
/// durable together with it or not at all.
///
/// The changes of a tenant happen one after the other: in this process by turns, and between
/// processes because each of them requires the feed to be where it found it.
struct AccountLedger: Sendable {
  /// How often another process may be quicker before we give up.
  private static let attempts = 8

  let records: Records
  let watchers = FeedWatchers()
  private let turns = Turns()
  private let feedLength: UInt64

  init(records: Records, limits: LinkLimits) {
    self.records = records
    feedLength = limits.feedLength
  }

  /// Makes what `draft` proposes durable, and returns its value.
  ///
  /// `draft` is asked again if something that it required has changed meanwhile. It reads the
  /// store; it must not ask a provider, because other changes of the tenant wait for it.
  func write<Value: Sendable>(
    tenant: String, _ draft: () async throws(Failure) -> Draft<Value>
  ) async throws(Failure) -> Value {
    let key = RecordKey.feed(tenant: tenant)
    await turns.take(key)
    defer { turns.give(key) }
    for _ in 0..<Self.attempts {
      // Read before the draft: whatever it reads is at least as new as the feed that it requires.
      var feed = try await FeedHead(records, tenant: tenant)
      let draft = try await draft()
      var change = draft.change
      if let event = draft.event { try feed.append(event, to: &change, keeping: feedLength) }
      guard try await records.commit(change) != nil else { continue }
      if draft.event != nil { watchers.wake(tenant: tenant) }
      return draft.value
    }
    throw .contended
  }
}

/// What is to become of an account.
struct Draft<Value: Sendable> {
  /// What is written.
  var change = Change()
  /// What is told to those who watch; nil if it concerns nobody.
  var event: AccountEvent?
  /// What comes of it.
  let value: Value
}

extension AccountEvent {
  init(_ kind: AccountEventKind, _ account: Account, at time: Timestamp) {
    self.init()
    self.kind = kind
    self.account = account
    self.time = time
  }
}

extension Failure {
  static let contended = Failure(
    code: .aborted, reason: .internal, actor: .operator,
    message: "other calls changed the same account again and again")
}
