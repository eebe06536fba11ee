/// How often a call has been made, and whether it is made again.
///
/// A value without time or I/O.
package struct RetryState: Sendable {
  /// What becomes of a call after an attempt has failed.
  package enum Decision: Sendable, Equatable {
    /// It has failed.
    case giveUp
    /// It is made again after a while.
    case again(after: Duration)
  }

  /// How an attempt failed.
  package struct Failure: Sendable {
    let code: StatusCode
    let wasSeen: Bool
    let pushback: Pushback?

    /// An attempt that failed with `error`.
    ///
    /// - Parameter wasSeen: whether the server may have seen it.
    package init(_ error: RPCError, wasSeen: Bool) {
      code = error.code
      self.wasSeen = wasSeen
      pushback = error.metadata["grpc-retry-pushback-ms"].map(Pushback.init)
    }
  }

  /// What a server says about trying again.
  enum Pushback: Sendable, Equatable {
    case after(Duration)
    case never

    /// Reads the value of `grpc-retry-pushback-ms`.
    ///
    /// A6: "If the value for pushback is negative or unparseble, then it will be seen as the server
    /// asking the client not to retry at all."
    init(_ text: String) {
      let digits = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard digits, text.utf8.count <= 9, let milliseconds = Int64(text) else {
        self = .never
        return
      }
      self = .after(.milliseconds(milliseconds))
    }
  }

  private let policy: RetryPolicy?
  private var isCommitted = false
  private var wasUnseen = false
  /// Waits grow from here: a server that says when to come starts the count anew.
  private var waits = 0
  /// Attempts that failed and may have been seen: what `grpc-previous-rpc-attempts` says.
  package private(set) var previousAttempts = 0

  /// A call that has not been made.
  package init(_ policy: RetryPolicy?) { self.policy = policy }

  /// From here on the call is not made again: part of the response has been passed on, or part of
  /// the request is no longer there.
  package mutating func commit() { isCommitted = true }

  /// Whether what is sent has to be kept.
  package var mayRepeat: Bool { !isCommitted }

  /// An attempt has succeeded.
  package func succeeded(_ throttle: inout RetryThrottle) {
    if policy != nil { throttle.succeeded() }
  }

  /// An attempt has failed.
  ///
  /// - Parameter random: from -1 to 1.
  package mutating func failed(
    _ failure: Failure, _ throttle: inout RetryThrottle, random: @autoclosure () -> Double
  ) -> Decision {
    if !failure.wasSeen, !wasUnseen, !isCommitted {
      wasUnseen = true
      return .again(after: .zero)
    }
    guard let policy, policy.codes.contains(failure.code) || failure.pushback == .never else {
      return .giveUp
    }
    let mayRetry = throttle.failed()
    previousAttempts += 1
    let attempts = min(policy.attempts, RetryPolicy.mostAttempts)
    guard mayRetry, !isCommitted, previousAttempts < attempts else { return .giveUp }
    return decide(failure.pushback, policy, random())
  }

  private mutating func decide(
    _ pushback: Pushback?, _ policy: RetryPolicy, _ random: Double
  ) -> Decision {
    switch pushback {
    case .never: return .giveUp
    case .after(let wait):
      waits = 0
      return .again(after: wait)
    case nil:
      waits += 1
      return .again(after: policy.wait(before: waits + 1, random: random))
    }
  }
}

/// The tokens that a channel has left for retries.
package struct RetryThrottle: Sendable {
  private let limits: RetryThrottling
  private var tokens: Double

  /// All tokens are there.
  package init(_ limits: RetryThrottling) {
    self.limits = limits
    tokens = limits.tokens
  }

  /// Whether a call may be repeated after this failure.
  mutating func failed() -> Bool {
    tokens = max(0, tokens - 1)
    return tokens > limits.tokens / 2
  }

  mutating func succeeded() { tokens = min(limits.tokens, tokens + limits.perSuccess) }
}
