/// How a channel stands with its server (gRPC's `connectivity-semantics-and-api.md`).
public enum Connectivity: Sendable, Hashable {
  /// No connection, and nobody has asked for one.
  case idle
  /// A name is being resolved or an address dialled.
  case connecting
  /// Calls go out at once.
  case ready
  /// No address can be reached; it will be tried again after a while.
  ///
  /// Calls fail, except those that wait for a connection.
  case transientFailure
  /// The channel was shut down.
  case shutdown
}

/// Those who watch the state of a channel.
///
/// Confined to the channel's loop.
struct ConnectivityWatchers {
  /// States that wait for a watcher that is busy; older ones are dropped, so it always sees the
  /// last.
  static let unseenStates = 16

  private(set) var current = Connectivity.idle
  private var watchers: [UInt64: AsyncStream<Connectivity>.Continuation] = [:]
  private var lastWatcher: UInt64 = 0

  mutating func add(_ watcher: AsyncStream<Connectivity>.Continuation) -> UInt64 {
    watcher.yield(current)
    if current == .shutdown { watcher.finish() }
    lastWatcher += 1
    watchers[lastWatcher] = watcher
    return lastWatcher
  }

  mutating func remove(_ number: UInt64) { watchers[number] = nil }

  mutating func change(to state: Connectivity) {
    guard state != current, current != .shutdown else { return }
    current = state
    for watcher in watchers.values {
      watcher.yield(state)
      if state == .shutdown { watcher.finish() }
    }
  }
}
