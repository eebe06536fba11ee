import Synchronization

/// A state under a lock, and tasks that wait until they can take something out of it.
///
/// Tasks are served in the order in which they came.
final class Monitor<State: Sendable, Taken: Sendable>: Sendable {
  private typealias Continuation = CheckedContinuation<Taken?, Never>

  private struct Guarded {
    var state: State
    var waiters: [(ticket: UInt64, continuation: Continuation)] = []
    var lastTicket: UInt64 = 0
  }

  private let guarded: Mutex<Guarded>
  private let take: @Sendable (inout State) -> Taken?

  /// - Parameter take: takes what a task waits for; nil as long as there is nothing.
  init(_ state: State, take: @escaping @Sendable (inout State) -> Taken?) {
    guarded = Mutex(Guarded(state: state))
    self.take = take
  }

  /// Looks at the state.
  func read<Value>(_ body: (borrowing State) -> sending Value) -> Value {
    guarded.withLock { body($0.state) }
  }

  /// Changes the state and wakes the tasks that can go on.
  func change(_ body: (inout State) -> Void) {
    let woken = guarded.withLock { guarded -> [(Continuation, Taken)] in
      body(&guarded.state)
      var woken: [(Continuation, Taken)] = []
      while let first = guarded.waiters.first, let taken = take(&guarded.state) {
        guarded.waiters.removeFirst()
        woken.append((first.continuation, taken))
      }
      return woken
    }
    for (continuation, taken) in woken { continuation.resume(returning: taken) }
  }

  /// Waits until there is something to take; nil if the task is cancelled first.
  func next() async -> Taken? {
    if let taken = guarded.withLock({ $0.waiters.isEmpty ? take(&$0.state) : nil }) { return taken }
    let ticket = guarded.withLock { guarded in
      guarded.lastTicket += 1
      return guarded.lastTicket
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { wait($0, ticket) }
    } onCancel: {
      leave(ticket)
    }
  }

  private func wait(_ continuation: Continuation, _ ticket: UInt64) {
    let answer = guarded.withLock { guarded -> Taken?? in
      // A task that is cancelled later finds itself among those that wait.
      if Task.isCancelled { return .some(nil) }
      if guarded.waiters.isEmpty, let taken = take(&guarded.state) { return taken }
      guarded.waiters.append((ticket, continuation))
      return .none
    }
    if let answer { continuation.resume(returning: answer) }
  }

  private func leave(_ ticket: UInt64) {
    let continuation = guarded.withLock { guarded -> Continuation? in
      guard let index = guarded.waiters.firstIndex(where: { $0.ticket == ticket }) else {
        return nil
      }
      return guarded.waiters.remove(at: index).continuation
    }
    continuation?.resume(returning: nil)
  }
}
