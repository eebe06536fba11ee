private import CLinux
private import Glibc

/// A point on the clock that never goes back, in nanoseconds since an unspecified start.
public struct MonotonicTime: Hashable, Comparable, Sendable {
  /// Nanoseconds since that start; 292 years fit.
  public let nanoseconds: Int64

  /// A point that is known already.
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Now.
  ///
  /// Wraps `clock_gettime(CLOCK_MONOTONIC)`.
  public static func now() -> MonotonicTime {
    var time = timespec()
    let result = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    precondition(result == 0, "clock_gettime: CLOCK_MONOTONIC is always there")
    return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// The earlier of the two points is smaller.
  public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// This point moved by `duration`, kept within what can be expressed.
  public func advanced(by duration: Duration) -> MonotonicTime {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflow2) = nanoseconds.addingReportingOverflow(whole)
    let (result, overflow3) = sum.addingReportingOverflow(attoseconds / 1_000_000_000)
    guard !overflow, !overflow2, !overflow3 else {
      return MonotonicTime(nanoseconds: seconds < 0 ? .min : .max)
    }
    return MonotonicTime(nanoseconds: result)
  }

  /// How long it is from this point to `other`; negative if that lies before.
  public func duration(to other: MonotonicTime) -> Duration {
    .nanoseconds(other.nanoseconds.subtractingReportingOverflow(nanoseconds).partialValue)
  }
}
