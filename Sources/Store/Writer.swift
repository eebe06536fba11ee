private import Synchronization

/// The one thread that writes: it takes what has queued up while it was writing, makes it durable
/// all at once, publishes the new state and then answers.
///
/// Compactions run beside it, on a thread of their own.
final class Writer: Sendable {
  private let log: Mutex<Log?>
  private let queue: CommitQueue
  private let configuration: Store.Configuration

  init(_ log: consuming Log, _ queue: CommitQueue, _ configuration: Store.Configuration) {
    self.log = Mutex(consume log)
    self.queue = queue
    self.configuration = configuration
  }

  /// Writes until the queue is closed and empty; then the log, and with it the directory's lock, is
  /// gone.
  func run() {
    guard var log = log.withLock({ $0.take() }) else { return }
    var compactions = Compactions(queue, configuration)
    while let turn = queue.next() {
      let hadFailed = log.hasFailed
      if !turn.batches.isEmpty { commit(turn.batches, to: &log) }
      compactions.advance(turn.compactions, of: &log)
      if log.hasFailed && !hadFailed { configuration.onFailure() }
    }
    compactions.end(&log)
    log.close()
  }

  private func commit(_ group: [CommitQueue.Waiting], to log: inout Log) {
    let outcomes = log.commit(group.map(\.batch))
    for (waiting, outcome) in zip(group, outcomes) {
      waiting.continuation.resume(returning: outcome)
    }
    log.catchUp()
  }
}
