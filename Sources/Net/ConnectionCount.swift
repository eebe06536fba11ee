internal import Synchronization

/// How many connections a server has, on all its loops.
final class ConnectionCount: Sendable {
  private let count = Atomic<Int>(0)
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Takes a place; false if there is none.
  func enter() -> Bool {
    if count.wrappingAdd(1, ordering: .relaxed).oldValue < limit { return true }
    leave()
    return false
  }

  /// Gives a place back.
  func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}
