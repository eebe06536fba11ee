/// What a peer can do too much of: each is harmless once, and a way to wear a server out.
public enum Excess: String, Sendable, Hashable, CaseIterable {
  /// RST_STREAM: a request that is withdrawn costs its sender next to nothing (CVE-2023-44487).
  case resets = "too_many_resets"
  /// Streams opened beyond the limit.
  case refusedStreams = "too_many_refused_streams"
  /// Requests that have to be reset (CVE-2025-8671), and frames that mean nothing to us.
  case mistakes = "too_many_mistakes"
  /// PING; the name is the one that gRPC's clients look for.
  case pings = "too_many_pings"
  /// SETTINGS.
  case settings = "too_many_settings"
  /// WINDOW_UPDATE without data that they could be for.
  case windowUpdates = "too_many_window_updates"
}

/// How often something may happen: `burst` times at once, then once in `interval`.
public struct Rate: Sendable, Hashable {
  /// How often in a row.
  public var burst: Int
  /// How long it takes until one more is allowed.
  public var interval: Duration

  /// A rate; an interval of zero allows everything.
  public init(burst: Int, every interval: Duration) {
    self.burst = burst
    self.interval = interval
  }

  /// As often as anyone likes: for tests that show what a limit is good for.
  public static let unlimited = Rate(burst: 0, every: .zero)
}

/// What is left of each rate to one peer.
///
/// Knows no clock: it is told the time, in nanoseconds since any fixed point.
struct Budget {
  var now: Int64 = 0
  private var resets: Bucket
  private var lateResets: Bucket
  private var refusedStreams: Bucket
  private var mistakes: Bucket
  private var pings: Bucket
  private var idlePings: Bucket
  private var settings: Bucket

  init(_ limits: Limits) {
    resets = Bucket(limits.resets)
    lateResets = Bucket(limits.lateResets)
    refusedStreams = Bucket(limits.refusedStreams)
    mistakes = Bucket(limits.mistakes)
    pings = Bucket(limits.pings)
    idlePings = Bucket(limits.idlePings)
    settings = Bucket(limits.settings)
  }

  /// Takes one; returns `kind` if there was none left.
  mutating func spend(_ kind: Excess) -> Excess? {
    let isFine =
      switch kind {
      case .resets: resets.take(at: now)
      case .refusedStreams: refusedStreams.take(at: now)
      case .mistakes: mistakes.take(at: now)
      case .pings: pings.take(at: now)
      case .settings: settings.take(at: now)
      case .windowUpdates: true
      }
    return isFine ? nil : kind
  }

  /// Takes a RST_STREAM of a peer that has been dismissed.
  mutating func spendLateReset() -> Excess? { lateResets.take(at: now) ? nil : .resets }

  /// Takes a PING, which is worth more while no stream is open.
  mutating func spendPing(isIdle: Bool) -> Excess? {
    if isIdle, !idlePings.take(at: now) { return .pings }
    return spend(.pings)
  }

  /// Gives all of `pings` back.
  mutating func forgivePings() {
    pings.fill()
    idlePings.fill()
  }

  /// A token bucket in two numbers (the generic cell rate algorithm).
  private struct Bucket {
    private let interval: Int64
    private let room: Int64
    /// When the bucket will be full again.
    private var fullAt = Int64.min

    init(_ rate: Rate) {
      interval = rate.interval.nanoseconds
      // A day times a hundred thousand fits.
      room = interval * Int64(min(max(rate.burst, 0), 100_000))
    }

    mutating func take(at now: Int64) -> Bool {
      fullAt = max(fullAt, now) &+ interval
      return fullAt &- now <= room
    }

    mutating func fill() { fullAt = .min }
  }
}

extension Duration {
  /// Whole nanoseconds, at least none and at most a day: no limit needs more.
  fileprivate var nanoseconds: Int64 {
    let day = Duration.seconds(86_400)
    let (seconds, attoseconds) = min(max(self, .zero), day).components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
