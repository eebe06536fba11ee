internal import Store
internal import Synchronization

/// Lets one after the other through, in the order in which they came; one queue for each key.
///
/// Bounded by the calls under way: nobody waits here twice.
final class Turns: Sendable {
  /// Who waits, by key; a key that is there is taken.
  private let queues = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

  /// Waits for one's turn.
  ///
  /// Is not given up by cancellation: whoever has it hands it on soon.
  func take(_ key: Key) async {
    await withCheckedContinuation { continuation in
      let isFree = queues.withLock { queues in
        let isFree = queues[key] == nil
        queues[key, default: []] += isFree ? [] : [continuation]
        return isFree
      }
      if isFree { continuation.resume() }
    }
  }

  /// Ends one's turn.
  func give(_ key: Key) {
    let next = queues.withLock { queues -> CheckedContinuation<Void, Never>? in
      guard var waiting = queues[key], !waiting.isEmpty else {
        queues[key] = nil
        return nil
      }
      let next = waiting.removeFirst()
      queues[key] = waiting
      return next
    }
    next?.resume()
  }
}
