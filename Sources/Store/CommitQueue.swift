internal import Linux
private import Synchronization

/// What waits for the writer, and the writer's bell.
final class CommitQueue: Sendable {
  typealias Outcome = Result<UInt64, StoreError>

  /// A batch and whoever waits for what becomes of it.
  struct Waiting: Sendable {
    let batch: Batch
    let continuation: CheckedContinuation<Outcome, Never>
    var length: Int { batch.payloadLength + Format.recordOverhead }
  }

  /// Somebody who waits for a compaction.
  struct CompactionRequest: Sendable {
    enum Purpose: Sendable {
      /// To have everything written anew, under other keys if there are any.
      case rewriting(MasterKeys?)
      /// To have nothing left that was deleted or overwritten.
      case erasing
    }

    let purpose: Purpose
    let continuation: CheckedContinuation<Result<Void, StoreError>, Never>
  }

  /// What the writer does next.
  struct Turn: Sendable {
    /// In the order they came; all that wait, up to the length of a group.
    let batches: [Waiting]
    /// Of a state that holds all batches so far.
    let compactions: [CompactionRequest]
  }

  private struct State {
    var waiting: [Waiting] = []
    var compactions: [CompactionRequest] = []
    var length = 0
    var isClosed = false
    var isCalled = false
    /// Whether the writer's last pause was hardly longer than it takes to wake a thread.
    var isQuick = false

    mutating func takeTurn() -> Turn {
      defer {
        compactions.removeAll()
        isCalled = false
      }
      return Turn(batches: takeGroup(), compactions: compactions)
    }

    private mutating func takeGroup() -> [Waiting] {
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

    var isEmpty: Bool { waiting.isEmpty && compactions.isEmpty && !isCalled }
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

  /// Asks for a compaction and waits until it is done.
  func compact(_ purpose: CompactionRequest.Purpose) async -> Result<Void, StoreError> {
    await withCheckedContinuation { continuation in
      let isClosed = state.withLock { state in
        if !state.isClosed {
          state.compactions.append(
            CompactionRequest(purpose: purpose, continuation: continuation))
        }
        return state.isClosed
      }
      if isClosed { continuation.resume(returning: .failure(.closed)) } else { bell.signal() }
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

  /// Waits for something to do; nil once the queue is closed and empty.
  func next() -> Turn? {
    var waited: Duration?
    while true {
      let (turn, isClosed, isQuick): (Turn?, Bool, Bool) = state.withLock { state in
        if let waited { state.isQuick = waited < Limits.quickPause }
        return (state.isEmpty ? nil : state.takeTurn(), state.isClosed, state.isQuick)
      }
      if let turn { return turn }
      if isClosed { return nil }
      let start = ContinuousClock.now
      bell.wait(awakeFor: isQuick ? Limits.quickPause : .zero)
      waited = ContinuousClock.now - start
    }
  }

  /// Lets the writer have a turn, even if nothing waits.
  func call() {
    state.withLock { $0.isCalled = true }
    bell.signal()
  }

  /// Whether it was closed: then the writer should come to an end.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Refuses everything from now on.
  ///
  /// Batches that wait are still written.
  func close() {
    state.withLock { $0.isClosed = true }
    bell.signal()
  }
}
