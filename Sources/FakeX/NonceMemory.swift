/// The nonces of requests whose timestamps are still good.
struct NonceMemory: Sendable {
  /// RFC 5849, 3.3: unique "across all requests with the same timestamp, client credentials, and
  /// token combinations".
  struct Use: Sendable, Hashable {
    let timestamp: Int64
    let appKey: Key
    let token: Key
    let nonce: Key
  }

  private var seen: Set<Use> = []
  private var checks = 0

  /// Remembers a use and says whether it is the first.
  mutating func insert(_ use: Use, forgettingBefore oldest: Int64) -> Bool {
    checks += 1
    // Sweeping now and then keeps each check cheap; what is left too long does no harm.
    if checks.isMultiple(of: 1024) { seen = seen.filter { $0.timestamp >= oldest } }
    return seen.insert(use).inserted
  }
}
