internal import Synchronization

/// Brings the clients of a process to its servers without a socket.
///
/// Bytes go through memory; all that is above them is as it is between machines: HTTP/2, TLS if it is
/// asked for, windows and limits, connections that end. For tests, and for programs that are their own
/// clients but must not be told apart from others.
public final class MemoryNetwork: Sendable {
  private struct State {
    /// Who takes connections, by numbers that never come again.
    var listeners: [(id: Int, accept: @Sendable (MemoryEnd) -> Void)] = []
    var lastID = 0
    var next = 0
  }

  private let state = Mutex(State())
  private let piece: Int

  /// A network without a server.
  ///
  /// - Parameter piece: the most bytes that one read returns, for tests that cut what is sent.
  public init(piece: Int = .max) { self.piece = max(1, piece) }

  /// Has `accept` called with the end of each new connection, on whatever thread; where there are
  /// several to call, in turn.
  ///
  /// Returns by which number to `remove` it.
  package func listen(_ accept: @escaping @Sendable (MemoryEnd) -> Void) -> Int {
    state.withLock { state in
      state.lastID += 1
      state.listeners.append((state.lastID, accept))
      return state.lastID
    }
  }

  package func remove(_ id: Int) {
    state.withLock { state in state.listeners.removeAll { $0.id == id } }
  }

  /// The end of a new connection, whose other one is a server's; nil without a server.
  package func connect() -> MemoryEnd? {
    let listener = state.withLock { state -> (@Sendable (MemoryEnd) -> Void)? in
      guard !state.listeners.isEmpty else { return nil }
      state.next = (state.next + 1) % state.listeners.count
      return state.listeners[state.next].accept
    }
    guard let listener else { return nil }
    let (mine, theirs) = MemoryEnd.pair(piece: piece)
    listener(theirs)
    return mine
  }
}
