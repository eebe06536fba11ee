/// How often something may happen: so often at once, and from then on once in each interval.
public struct Allowance: Sendable, Hashable {
  /// How often at once.
  public let burst: Int
  /// How long until one more is allowed.
  public let interval: Duration

  /// An allowance of at least one in a time that is not zero.
  public init(burst: Int, every interval: Duration) {
    precondition(burst > 0 && interval > .zero, "an allowance must allow something")
    self.burst = burst
    self.interval = interval
  }

  /// An allowance of so many in each second, 1 to 1,000,000, and twice as many at once.
  public init(perSecond count: Int) {
    precondition((1...1_000_000).contains(count), "an allowance must allow something, and not all")
    self.init(burst: 2 * count, every: .nanoseconds(1_000_000_000 / count))
  }
}

/// A token bucket, as the one moment at which it will be full again (the generic cell rate
/// algorithm of ITU-T I.371): a bucket that is full needs no memory at all.
struct RateBucket: Sendable {
  private var full: ContinuousClock.Instant

  /// A full bucket.
  init(now: ContinuousClock.Instant) { full = now }

  /// Takes one out, or says how long until there is one again.
  mutating func take(
    _ allowance: Allowance, now: ContinuousClock.Instant
  ) -> Duration? {
    let next = max(full, now).advanced(by: allowance.interval)
    let excess = now.duration(to: next) - allowance.interval * allowance.burst
    guard excess <= .zero else { return excess }
    full = next
    return nil
  }
}

/// Values by key, of which those that were used last are kept: at least `capacity` of them, and
/// never more than twice as many.
///
/// Two generations instead of a list in the order of use: whatever is used moves into the young
/// one, and when that is full, it takes the place of the old one. Every step costs the same.
struct RecentTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let capacity: Int
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]

  init(capacity: Int) { self.capacity = capacity }

  /// How many there are.
  var count: Int { young.count + old.count }

  /// The value of a key if there is one, which counts as a use of it.
  mutating func value(for key: Key) -> Value? {
    if let value = young[key] { return value }
    guard let value = old.removeValue(forKey: key) else { return nil }
    put(value, for: key)
    return value
  }

  /// Changes the value of a key, which counts as a use of it.
  mutating func withValue<Result>(
    for key: Key, orNew make: @autoclosure () -> Value, _ body: (inout Value) -> Result
  ) -> Result {
    if let place = young.index(forKey: key) { return body(&young.values[place]) }
    var value = old.removeValue(forKey: key) ?? make()
    defer { put(value, for: key) }
    return body(&value)
  }

  mutating func put(_ value: Value, for key: Key) {
    if young[key] == nil, young.count >= capacity { (old, young) = (young, [:]) }
    young[key] = value
  }
}
