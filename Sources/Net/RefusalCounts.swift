internal import Synchronization

/// How often peers and their calls were refused, by reason.
public final class RefusalCounts: Sendable {
  private let counts = Mutex<[RefusalReason: UInt64]>([:])

  /// Nothing so far.
  public init() {}

  /// One more.
  public func count(_ reason: RefusalReason) {
    counts.withLock { $0[reason, default: 0] += 1 }
  }

  /// How often for each reason that there has been.
  public var all: [RefusalReason: UInt64] { counts.withLock(\.self) }

  /// How often for this reason.
  public subscript(_ reason: RefusalReason) -> UInt64 { counts.withLock { $0[reason] ?? 0 } }
}
