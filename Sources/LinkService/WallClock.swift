public import Protobuf

/// What time it is, as a function, so that a test can say.
public struct WallClock: Sendable {
  /// The time now.
  public let now: @Sendable () -> Timestamp

  /// A clock that reads so.
  public init(now: @escaping @Sendable () -> Timestamp) { self.now = now }
}

extension Timestamp {
  /// This time, so much later (to the second; links do not need more).
  func adding(_ duration: Duration) -> Timestamp {
    var later = self
    later.seconds += duration.components.seconds
    return later
  }

  static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanos) < (right.seconds, right.nanos)
  }
}
