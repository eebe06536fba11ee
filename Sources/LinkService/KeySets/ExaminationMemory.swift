internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import Protobuf
internal import RPC
internal import Synchronization

/// Remembers what X has said about keys, so that it is not asked again and again: X answers who
/// asks too often as if the keys were wrong (99).
///
/// In memory only, bounded, and each tenant's apart: nobody can make linkd forget what another has
/// asked. What is forgotten is asked again.
final class ExaminationMemory: Sendable {
  /// Keys and what is asked about them, or keys alone; no secret can be had from it.
  typealias Subject = [UInt8]

  private struct Memory: Sendable {
    var answers = BoundedTable<ValidateKeysResponse>()
    var bearers = BoundedTable<Secret>()
    var budgets = BoundedTable<Int>()
    /// That of all keys together.
    var budget = BoundedTable<Int>()
  }

  private let memories = Mutex(
    RecentTable<[UInt8], Memory>(capacity: LinkLimits.examiningTenants))

  private func withMemory<Result: Sendable>(
    of tenant: String, _ body: (inout Memory) -> Result
  ) -> Result {
    memories.withLock { $0.withValue(for: Array(tenant.utf8), orNew: Memory(), body) }
  }

  /// What was found out a moment ago.
  func answer(
    to question: Subject, of tenant: String, at now: Timestamp
  ) -> ValidateKeysResponse? {
    withMemory(of: tenant) { $0.answers.value(for: question, at: now) }
  }

  func keep(
    _ answer: ValidateKeysResponse, to question: Subject, of tenant: String, at now: Timestamp
  ) {
    withMemory(of: tenant) {
      $0.answers.put(answer, for: question, until: now.adding(LinkLimits.examinationLifetime), now)
    }
  }

  /// An application's own token.
  func bearer(of keys: Subject, of tenant: String, at now: Timestamp) -> Secret? {
    withMemory(of: tenant) { $0.bearers.value(for: keys, at: now) }
  }

  func keep(_ bearer: Secret, of keys: Subject, of tenant: String, at now: Timestamp) {
    withMemory(of: tenant) {
      $0.bearers.put(bearer, for: keys, until: now.adding(LinkLimits.bearerLifetime), now)
    }
  }

  /// Takes one of the examinations that a tenant has for one consumer key, and of those for all.
  func spend(_ key: Subject, of tenant: String, at now: Timestamp) throws(Failure) {
    let pause = withMemory(of: tenant) { memory in
      memory.budget.spend([], of: LinkLimits.examinationsPerTenant, at: now)
        ?? memory.budgets.spend(key, of: LinkLimits.examinationsPerWindow, at: now)
    }
    if let pause { throw .examinedTooOften(pause) }
  }
}

extension BoundedTable<Int> {
  /// Counts one, or says how long until there is one again.
  fileprivate mutating func spend(
    _ key: [UInt8], of budget: Int, at now: Timestamp
  ) -> Duration? {
    let used = value(for: key, at: now) ?? 0
    guard used < budget else { return remaining(for: key, at: now) }
    let end = expiry(of: key, at: now) ?? now.adding(LinkLimits.examinationWindow)
    put(used + 1, for: key, until: end, now)
    return nil
  }
}

/// Values that are worth something until a time, and never more than so many of them.
struct BoundedTable<Value: Sendable>: Sendable {
  private var entries: [[UInt8]: (value: Value, expiry: Timestamp)] = [:]

  func value(for key: [UInt8], at now: Timestamp) -> Value? {
    guard let entry = entries[key], now < entry.expiry else { return nil }
    return entry.value
  }

  func expiry(of key: [UInt8], at now: Timestamp) -> Timestamp? {
    entries[key].flatMap { now < $0.expiry ? $0.expiry : nil }
  }

  func remaining(for key: [UInt8], at now: Timestamp) -> Duration {
    .seconds(max(1, (expiry(of: key, at: now)?.seconds ?? now.seconds) &- now.seconds))
  }

  /// Puts a value; where there is no room, what ends first goes.
  mutating func put(_ value: Value, for key: [UInt8], until expiry: Timestamp, _ now: Timestamp) {
    if entries[key] == nil, entries.count >= LinkLimits.examinationMemory {
      entries = entries.filter { now < $0.value.expiry }
      if entries.count >= LinkLimits.examinationMemory,
        let first = entries.min(by: { $0.value.expiry < $1.value.expiry })?.key
      {
        entries[first] = nil
      }
    }
    entries[key] = (value, expiry)
  }
}

extension ExaminationMemory {
  /// The subject of a question, with the parts told apart whatever is in them.
  static func subject(_ parts: String...) -> Subject {
    Digest.sha256(
      parts.flatMap { part in Array("\(part.utf8.count):".utf8) + Array(part.utf8) })
  }
}

extension Failure {
  fileprivate static func examinedTooOften(_ pause: Duration) -> Failure {
    Failure(
      code: .resourceExhausted, reason: .askedTooOften, actor: .developer,
      message: "keys have been examined too often; X takes who asks on for an attacker",
      retryAfter: pause)
  }
}
