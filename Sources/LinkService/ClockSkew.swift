internal import Synchronization

/// How far X's clock was from ours when it answered last.
final class ClockSkew: Sendable {
  /// A difference that X does not mind, in seconds: what an answer takes to come is part of it.
  static let tolerable: Int64 = 60
  /// More than a day is no clock but a mistake.
  private static let largest: Int64 = 86_400

  private let last = Mutex<Int64>(0)

  func note(_ skew: Int64?) {
    guard let skew, skew.magnitude <= Self.largest.magnitude else { return }
    last.withLock { $0 = skew }
  }

  /// What to add to our time so that X accepts it; 0 while the clocks agree.
  var correction: Int64 {
    let last = last.withLock(\.self)
    return last.magnitude > Self.tolerable.magnitude ? last : 0
  }
}
