internal import Linux
internal import Logging
internal import Net
internal import Synchronization

/// Logs peers that were refused, so many a second at most: a flood of them must not become one of
/// lines.
final class RefusalLog: Sendable {
  /// In one second: enough to see what is going on.
  private static let linesPerSecond = 10

  private struct Second {
    var start = MonotonicTime.now()
    var lines = 0
    /// Those that were not logged since the last line.
    var left = 0
  }

  private let logger: Logger
  private let second = Mutex(Second())

  init(_ logger: Logger) { self.logger = logger }

  /// Writes a line, unless there have been enough.
  func log(_ refusal: Refusal) {
    guard let left = admit() else { return }
    var fields: Logger.Metadata = [
      "reason": "\(refusal.reason.rawValue)", "peer": "\(refusal.peer)",
    ]
    if let frames = refusal.frames { fields["frames"] = "\(frames)" }
    if left > 0 { fields["not_logged"] = "\(left)" }
    logger.notice("refused", metadata: fields)
  }

  /// How many were left out since the last line; nil if this one is, too.
  private func admit() -> Int? {
    second.withLock { second in
      let now = MonotonicTime.now()
      if second.start.duration(to: now) >= .seconds(1) { (second.start, second.lines) = (now, 0) }
      guard second.lines < Self.linesPerSecond else {
        second.left += 1
        return nil
      }
      second.lines += 1
      defer { second.left = 0 }
      return second.left
    }
  }
}
