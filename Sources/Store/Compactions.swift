internal import Linux
private import Synchronization

/// The compactions of a store: at most one at a time, begun and ended by the writer between two
/// groups, and run on another thread.
struct Compactions: ~Copyable {
  private typealias Request = CommitQueue.CompactionRequest

  /// One that is under way.
  private struct Running: ~Copyable {
    let thread: Thread
    let result: SharedOutcome
    let waiting: [Request]
  }

  private let queue: CommitQueue
  private var retries: CompactionRetries
  private let report: @Sendable (CompactionReport) -> Void
  private let progress: @Sendable (Int, Int) -> Void
  private var running: Running?
  private var waiting: [Request] = []

  init(_ queue: CommitQueue, _ configuration: Store.Configuration) {
    self.queue = queue
    retries = CompactionRetries(firstPause: configuration.compactionPause)
    report = configuration.onCompaction
    progress = configuration.onProgress
  }

  /// Takes note of a compaction that has ended, and begins the next one if it is asked for or due.
  mutating func advance(_ requests: [CommitQueue.CompactionRequest], of log: inout Log) {
    waiting += requests
    if let outcome = running?.result.value { finish(outcome, &log) }
    // One that runs already holds an older state, and perhaps an older key.
    guard running == nil else { return }
    if !log.holdsReplaced && !log.hasFailed { answerErasures() }
    guard !waiting.isEmpty || (log.isCompactionDue && retries.isTime) else { return }
    begin(&log)
  }

  /// Ends the one that is under way, which does not take long, and refuses those that wait.
  mutating func end(_ log: inout Log) {
    if let outcome = running?.result.wait() { finish(outcome, &log) }
    answer(waiting, .failure(.closed))
    waiting = []
  }

  private mutating func begin(_ log: inout Log) {
    let requests = waiting
    waiting = []
    do throws(StoreError) {
      let compaction = try log.beginCompaction(requests.compactMap(\.keys).last)
      running = try start(compaction, for: requests)
    } catch {
      log.endedCompaction(.abandoned(error))
      answer(requests, .failure(error))
      // Else whoever has asked knows.
      if requests.isEmpty && error != .failed { report(retries.failed(error)) }
    }
  }

  private func start(
    _ compaction: Compaction, for requests: [Request]
  ) throws(StoreError) -> Running {
    let result = SharedOutcome()
    let (queue, progress) = (queue, progress)
    let thread = try StoreError.at(".") { () throws(SystemError) in
      try Thread(name: "compaction") {
        result.set(compaction.run(isCancelled: { queue.isClosed }, progress: progress))
        queue.call()
      }
    }
    return Running(thread: thread, result: result, waiting: requests)
  }

  private mutating func finish(_ outcome: Compaction.Outcome, _ log: inout Log) {
    guard let ended = running.take() else { return }
    let requests = ended.waiting
    log.endedCompaction(outcome)
    switch outcome {
    case .done:
      report(retries.succeeded())
      answer(requests, .success(()))
    case .abandoned(let error):
      if error != .closed { report(retries.failed(error)) }
      answer(requests, .failure(error))
    case .failed: answer(requests, .failure(.failed))
    }
    ended.thread.join()
  }

  /// Nothing is left that they wait for.
  private mutating func answerErasures() {
    answer(waiting.filter(\.isErasing), .success(()))
    waiting.removeAll(where: \.isErasing)
  }

  private func answer(_ requests: [Request], _ result: Result<Void, StoreError>) {
    for request in requests { request.continuation.resume(returning: result) }
  }
}

extension CommitQueue.CompactionRequest {
  fileprivate var keys: MasterKeys? {
    if case .rewriting(let keys) = purpose { keys } else { nil }
  }

  fileprivate var isErasing: Bool { if case .erasing = purpose { true } else { false } }
}

/// What became of a compaction, told by its thread to the writer's.
private final class SharedOutcome: Sendable {
  private let outcome = Mutex<Compaction.Outcome?>(nil)
  private let bell = Semaphore()

  /// Nil while it is under way.
  var value: Compaction.Outcome? { outcome.withLock { $0 } }

  func set(_ outcome: Compaction.Outcome) {
    self.outcome.withLock { $0 = outcome }
    bell.signal()
  }

  func wait() -> Compaction.Outcome? {
    bell.wait()
    return value
  }
}
