internal import Linux
private import Synchronization

/// The batches that wait for the writer, and the writer's bell.
final class CommitQueue: Sendable {
  typealias Outcome = Result<UInt64, StoreError>

  /// A batch and whoever waits for what becomes of it.
  struct Waiting: Sendable {
    let batch: Batch
    let continuation: CheckedContinuation<Outcome, Never>
    var length: Int { batch.payloadLength + Format.recordOverhead }
  }

  private struct State {
    var waiting: [Waiting] = []
    var length = 0
    var isClosed = false

    mutating func takeGroup() -> [Waiting] {
      var taken = 0
      var count = 0
      for next in waiting {
        guard count == 0 || taken + next.length <= Limits.groupLength else { break }
        taken += next.length
        count += 1
      }
      let group = Array(waiting.prefix(count))
      waiting.removeFirst(count)
      length -= taken
      return group
    }
  }

  private let state = Mutex(State())
  private let bell = Semaphore()

  /// Queues a batch and waits until the writer has answered for it.
  ///
  /// It does not listen to cancellation: a batch that is queued will be written, and an answer that
  /// nobody waited for would leave its outcome in the dark.
  func submit(_ batch: Batch) async -> Outcome {
    await withCheckedContinuation { continuation in
      if let refusal = add(Waiting(batch: batch, continuation: continuation)) {
        continuation.resume(returning: .failure(refusal))
      }
    }
  }

  private func add(_ new: Waiting) -> StoreError? {
    let (refusal, wasEmpty): (StoreError?, Bool) = state.withLock { state in
      guard !state.isClosed else { return (.closed, false) }
      guard state.waiting.count < Limits.queuedBatches,
        state.length + new.length <= Limits.queuedBytes
      else { return (.overloaded, false) }
      state.waiting.append(new)
      state.length += new.length
      return (nil, state.waiting.count == 1)
    }
    // The writer looks again before it waits, so that only the first of many need wake it.
    if wasEmpty { bell.signal() }
    return refusal
  }

  /// The batches to be written together next, in the order they came: all that wait, up to the
  /// length of a group.
  ///
  /// Waits for the first one; nil once the queue is closed and empty.
  func next() -> [Waiting]? {
    while true {
      let (group, isClosed) = state.withLock { state in (state.takeGroup(), state.isClosed) }
      if !group.isEmpty { return group }
      if isClosed { return nil }
      bell.wait()
    }
  }

  /// Refuses every batch from now on.
  ///
  /// Those that wait are still written.
  func close() {
    state.withLock { $0.isClosed = true }
    bell.signal()
  }
}
