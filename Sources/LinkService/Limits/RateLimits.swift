internal import LinkAPI
public import RPC
internal import Synchronization

/// Buckets by name, shared by all event loops.
final class RateTable: Sendable {
  private let allowance: Allowance
  private let buckets: Mutex<RecentTable<String, RateBucket>>

  init(_ allowance: Allowance, capacity: Int) {
    self.allowance = allowance
    buckets = Mutex(RecentTable(capacity: capacity))
  }

  /// How many names are remembered.
  var count: Int { buckets.withLock { $0.count } }

  /// Counts one for this name, or says how long it must wait.
  func take(_ name: String, now: ContinuousClock.Instant) -> Duration? {
    buckets.withLock { buckets in
      buckets.withValue(for: name, orNew: RateBucket(now: now)) { $0.take(allowance, now: now) }
    }
  }
}

/// Slows down whoever fails to authenticate, by the address that the calls come from.
///
/// A good token is let in however many bad ones came from its address: nobody can lock out others
/// behind the same proxy. Nor need they be: 256 random bits are not guessed. What is limited is the
/// use of linkd as an oracle, and the noise.
///
/// Stands in front of `Authenticator`.
public final class FailedCallLimit: ServerInterceptor {
  private let table: RateTable
  private let now: @Sendable () -> ContinuousClock.Instant

  /// Allows so many failures from one address.
  public convenience init(_ allowance: Allowance = LinkLimits.failuresPerAddress) {
    self.init(allowance) { .now }
  }

  package init(
    _ allowance: Allowance, capacity: Int = LinkLimits.rememberedAddresses,
    now: @escaping @Sendable () -> ContinuousClock.Instant
  ) {
    table = RateTable(allowance, capacity: capacity)
    self.now = now
  }

  /// How many addresses are remembered.
  package var count: Int { table.count }

  /// Answers RESOURCE_EXHAUSTED instead of UNAUTHENTICATED once the allowance is used up.
  public func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    try next(context) { [self] outcome in
      guard case .failure(let error as RPCError) = outcome, error.code == .unauthenticated,
        let pause = table.take(Self.host(of: context.peer.address), now: now())
      else { return }
      throw Failure.tooOften("too many calls without a good token came from here", pause).rpcError
    }
  }

  /// The address without the port, which every connection has another one of; of IPv6 its network,
  /// in which one host has as many addresses as it likes (RFC 4291 section 2.5.1).
  private static func host(of address: String) -> String {
    guard let colon = address.lastIndex(of: ":") else { return address }
    let host = address[..<colon]
    // One with a dot is of IPv4.
    guard host.first == "[", !host.contains(".") else { return String(host) }
    return network(of: host.dropFirst().prefix { $0 != "]" && $0 != "%" })
  }

  /// The first 64 bits of an IPv6 address, as text.
  private static func network(of address: Substring) -> String {
    let parts = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
      .map { $0.split(separator: ":") }
    let (head, tail) = (parts.first ?? [], parts.dropFirst().first ?? [])
    let zeros = [Substring](repeating: "0", count: max(0, 8 - head.count - tail.count))
    return "[" + (head + zeros + tail).prefix(4).joined(separator: ":") + "::/64]"
  }
}

/// Keeps one tenant's calls from crowding out those of others.
///
/// Stands behind `Authenticator`, which knows the tenant.
public final class TenantCallLimit: ServerInterceptor {
  private let table: RateTable
  private let now: @Sendable () -> ContinuousClock.Instant

  /// Allows each tenant so many calls.
  public convenience init(_ allowance: Allowance = Allowance(perSecond: LinkLimits.callsPerTenant))
  {
    self.init(allowance) { .now }
  }

  package init(
    _ allowance: Allowance, now: @escaping @Sendable () -> ContinuousClock.Instant
  ) {
    table = RateTable(allowance, capacity: LinkLimits.rememberedTenants)
    self.now = now
  }

  /// Refuses the call with RESOURCE_EXHAUSTED, or passes it on.
  public func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    if let caller = context.identity(as: Caller.self),
      let pause = table.take(caller.tenant, now: now())
    {
      throw Failure.tooOften("this tenant calls too often", pause).rpcError
    }
    return try next(context)
  }
}

extension Failure {
  static func tooOften(_ message: String, _ pause: Duration) -> Failure {
    Failure(
      code: .resourceExhausted, reason: .askedTooOften, actor: .developer, message: message,
      retryAfter: pause)
  }
}
