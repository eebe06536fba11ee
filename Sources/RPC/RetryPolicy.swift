/// When a call that failed is made again (gRFC A6).
public struct RetryPolicy: Sendable, Hashable {
  /// The most often that one call is made, the first time included.
  public static let mostAttempts = 5
  private static let jitter = 0.2

  /// How often the call is made at most, the first time included: 2 to 5.
  public var attempts: Int
  /// The wait before the second attempt; every wait is up to a fifth longer or shorter, so that
  /// callers spread.
  public var firstWait: Duration
  /// How many times longer the wait is before each further attempt.
  public var multiplier: Double
  /// The longest wait of all.
  public var longestWait: Duration
  /// The codes after which the call is made again.
  public var codes: Set<StatusCode>

  /// A policy; without arguments, the one for calls that may be repeated.
  ///
  /// UNAVAILABLE alone says that another try may fare better. The waits add up to a second and a
  /// half, which is enough for most servers to be started again.
  public init(
    attempts: Int = 5, firstWait: Duration = .milliseconds(100), multiplier: Double = 2,
    longestWait: Duration = .seconds(1), codes: Set<StatusCode> = [.unavailable]
  ) {
    self.attempts = attempts
    self.firstWait = firstWait
    self.multiplier = multiplier
    self.longestWait = longestWait
    self.codes = codes
  }

  /// How long to wait before attempt `number`, the first being 1.
  ///
  /// - Parameter random: from -1 to 1.
  func wait(before number: Int, random: Double) -> Duration {
    var wait = firstWait
    for _ in 2..<max(number, 2) where wait < longestWait { wait = wait * multiplier }
    return min(wait, longestWait) * (1 + Self.jitter * random)
  }
}

/// Which calls of a channel are made again.
///
/// A call that the server has certainly not seen is always made again, once: nothing of it has
/// happened. One that it may have seen is repeated only where that is safe, which the schema says
/// (`idempotency_level`) or the caller (`CallOptions.isRepeatable`).
public struct RetryRules: Sendable {
  /// For calls that may be repeated; nil for none.
  public var repeatable: RetryPolicy? = RetryPolicy()
  /// For methods by their paths (`/link.v1.LinkService/StartLink`), in place of what the schema
  /// says.
  ///
  /// Whoever makes an entry vouches that the method may be repeated.
  public var methods: [String: RetryPolicy] = [:]
  /// What stops retries while most calls fail.
  public var throttling = RetryThrottling()
  /// Bytes of a call's requests that are kept to be sent again.
  ///
  /// A call that has sent more is not repeated. 1 MiB is what gRPC for Java keeps.
  public var bufferedBytes = 1 << 20

  /// The defaults above.
  public init() {}

  /// What goes for a call.
  package func policy(for call: OutgoingCall) -> RetryPolicy? {
    switch call.retries {
    case .never: nil
    case .policy(let policy): policy
    case .asConfigured:
      methods.isEmpty ? standard(for: call) : methods[call.path] ?? standard(for: call)
    }
  }

  private func standard(for call: OutgoingCall) -> RetryPolicy? {
    call.isRepeatable || call.idempotency != .unknown ? repeatable : nil
  }
}

/// How many retries a channel can afford (gRFC A6): each failure costs a token, each success earns a
/// part of one, and calls are repeated only while more than half are left.
public struct RetryThrottling: Sendable, Hashable {
  /// The most there can be, and what there is at the start.
  ///
  /// With 100, fifty failures in a row end all retries.
  public var tokens = 100.0
  /// What a success earns: with 0.1, retries go on as long as nine calls in ten succeed.
  public var perSuccess = 0.1

  /// The defaults above.
  public init() {}
}

/// Whether one call is made again after it has failed.
public enum RetryChoice: Sendable {
  /// As the channel's rules have it.
  case asConfigured
  /// Only if the server has certainly not seen it.
  case never
  /// By this policy: the caller vouches that the call may be repeated.
  case policy(RetryPolicy)
}
