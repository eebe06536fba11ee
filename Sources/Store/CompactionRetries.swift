/// What became of a compaction that did not harm the store.
public enum CompactionReport: Hashable, Sendable {
  /// It is done, after so many that were not.
  case done(failuresBefore: Int)
  /// It could not be done, for the `failures`th time in a row. The log goes on as it was and grows.
  ///
  /// Unless somebody asks for it, it is not tried again before `pause` has passed.
  case postponed(StoreError, failures: Int, pause: Duration)
}

/// When a compaction that has failed is tried again: ever more rarely, so that a full disk is not
/// kept busy by what cannot be done on it.
struct CompactionRetries: Sendable {
  let firstPause: Duration
  private var failures = 0
  private var next: ContinuousClock.Instant?

  init(firstPause: Duration) { self.firstPause = firstPause }

  /// Whether one that is due may begin.
  var isTime: Bool { next.map { $0 <= .now } ?? true }

  mutating func succeeded() -> CompactionReport {
    defer { (failures, next) = (0, nil) }
    return .done(failuresBefore: failures)
  }

  mutating func failed(_ error: StoreError) -> CompactionReport {
    let doubled = firstPause * (1 << min(failures, Limits.compactionDoublings))
    let pause = min(doubled, Limits.longestCompactionPause)
    failures += 1
    next = .now + pause
    return .postponed(error, failures: failures, pause: pause)
  }
}
