internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import Protobuf
internal import RPC
internal import Synchronization

/// Remembers what X has said about keys, so that it is not asked again and again: X answers who
/// asks too often as if the keys were wrong (99).
///
/// In memory only, and bounded: what is forgotten is asked again.
final class ExaminationMemory: Sendable {
  /// Keys and what is asked about them, or keys alone, of one tenant; no secret can be had from it.
  typealias Subject = [UInt8]

  private struct State {
    var answers = BoundedTable<ValidateKeysResponse>()
    var bearers = BoundedTable<Secret>()
    var budgets = BoundedTable<Int>()
  }

  private let state = Mutex(State())

  /// What was found out a moment ago.
  func answer(to question: Subject, at now: Timestamp) -> ValidateKeysResponse? {
    state.withLock { $0.answers.value(for: question, at: now) }
  }

  func keep(_ answer: ValidateKeysResponse, to question: Subject, at now: Timestamp) {
    state.withLock {
      $0.answers.put(answer, for: question, until: now.adding(LinkLimits.examinationLifetime), now)
    }
  }

  /// An application's own token.
  func bearer(of keys: Subject, at now: Timestamp) -> Secret? {
    state.withLock { $0.bearers.value(for: keys, at: now) }
  }

  func keep(_ bearer: Secret, of keys: Subject, at now: Timestamp) {
    state.withLock {
      $0.bearers.put(bearer, for: keys, until: now.adding(LinkLimits.bearerLifetime), now)
    }
  }

  /// Takes one of the examinations that a tenant has for one consumer key.
  func spend(_ key: Subject, at now: Timestamp) throws(Failure) {
    let pause = state.withLock { state -> Duration? in
      let used = state.budgets.value(for: key, at: now) ?? 0
      guard used < LinkLimits.examinationsPerWindow else {
        return state.budgets.remaining(for: key, at: now)
      }
      let end = state.budgets.expiry(of: key, at: now) ?? now.adding(LinkLimits.examinationWindow)
      state.budgets.put(used + 1, for: key, until: end, now)
      return nil
    }
    if let pause { throw .examinedTooOften(pause) }
  }
}

/// Values that are worth something until a time, and never more than so many of them.
struct BoundedTable<Value> {
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
  /// The subject of what one tenant asks, with the parts told apart whatever is in them.
  static func subject(_ tenant: String, _ parts: String...) -> Subject {
    Digest.sha256(
      ([tenant] + parts).flatMap { part in Array("\(part.utf8.count):".utf8) + Array(part.utf8) })
  }
}

extension Failure {
  fileprivate static func examinedTooOften(_ pause: Duration) -> Failure {
    Failure(
      code: .resourceExhausted, reason: .askedTooOften, actor: .developer,
      message: "this key has been examined too often; X takes who asks on for an attacker",
      retryAfter: pause)
  }
}
