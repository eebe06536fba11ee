/// Corrects timestamps by the provider's clock, once.
///
/// Our clock may be wrong without anybody being able to mend it now. A second failure means that
/// the clock was not the reason, so nothing is tried again.
public struct ClockCorrection: Sendable, Hashable {
  /// What is added to the local time, in seconds.
  public private(set) var offset: Int64 = 0
  private var isSpent = false

  /// Begins with the local time as it is.
  public init() {}

  /// The timestamp of a request at this local time.
  public func timestamp(at localTime: Int64) -> Int64 {
    let (sum, overflow) = localTime.addingReportingOverflow(offset)
    return overflow ? localTime : sum
  }

  /// Whether to ask again with a corrected timestamp after this failure.
  public mutating func corrects(_ failure: ProviderFailure) -> Bool {
    guard !isSpent, failure.kind == .clockSkew, let skew = failure.clockSkew, skew != 0 else {
      return false
    }
    isSpent = true
    offset = skew
    return true
  }
}
