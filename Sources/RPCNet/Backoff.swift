/// How long to wait before connecting again after it has failed (gRPC's `connection-backoff.md`).
public struct Backoff: Sendable, Hashable {
  /// The first wait.
  public var first = Duration.seconds(1)
  /// How many times longer each further wait is.
  public var multiplier = 1.6
  /// How much longer or shorter a wait may turn out by chance, as a part of it.
  ///
  /// Clients that lost their server together must not come back together. The document has 0.2 and
  /// allows others that "ensure that connection backoffs started at the same time disperse" and do
  /// not connect more often. With 0.2 the busiest second of the first ten has two and a half times
  /// as many attempts as the average one, with 0.5 less than twice; with more, the first two
  /// seconds fill up again.
  public var jitter = 0.5
  /// The longest wait, before chance has its say.
  public var longest = Duration.seconds(120)

  /// The defaults above; but for the jitter, what the document says.
  public init() {}

  /// Waits that grow as long as connecting fails.
  package struct Waits: Sendable {
    private let backoff: Backoff
    private var next: Duration

    /// Nothing has failed yet.
    package init(_ backoff: Backoff) {
      self.backoff = backoff
      next = backoff.first
    }

    /// The wait after one more failure.
    ///
    /// - Parameter random: from -1 to 1.
    package mutating func failed(random: Double) -> Duration {
      defer { next = min(next * backoff.multiplier, backoff.longest) }
      return next * (1 + backoff.jitter * random)
    }

    /// Connecting has succeeded.
    package mutating func reset() { next = backoff.first }
  }
}
