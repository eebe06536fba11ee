internal import Glibc
package import Linux
internal import Synchronization

/// Bytes on their way from one end of a connection to the other.
private final class MemoryPipe: Sendable {
  /// What a pipe of the kernel holds, so that its writer is held back by a reader that is slow.
  static let capacity = 65_536

  struct State {
    var bytes: [UInt8] = []
    var start = 0
    /// Nothing more will be written.
    var hasEnded = false
    /// Nothing more will be read.
    var isAbandoned = false

    var count: Int { bytes.count - start }
  }

  let state = Mutex(State())

  /// Takes up to `limit` bytes; nil if there are none yet, 0 if there will be none.
  func read(into buffer: inout [UInt8], atMost limit: Int) -> Int? {
    state.withLock { state in
      let count = min(state.count, buffer.count, limit)
      guard count > 0 else { return state.hasEnded ? 0 : nil }
      for index in 0..<count { buffer[index] = state.bytes[state.start + index] }
      state.start += count
      if state.count == 0 { (state.bytes, state.start) = ([], 0) }
      return count
    }
  }

  func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    try state.withLock { state throws(SystemError) in
      if state.isAbandoned || state.hasEnded { throw SystemError(errno: EPIPE, call: "write") }
      let count = min(bytes.count, Self.capacity - state.count)
      for index in 0..<count { state.bytes.append(bytes[index]) }
      return count
    }
  }
}

/// One end of a connection within the process, as a socket is one between processes.
///
/// Letting go of it closes it.
package final class MemoryEnd: Sendable {
  private let incoming: MemoryPipe
  private let outgoing: MemoryPipe
  private let piece: Int
  /// Told when the other end has done something; each end knows the other's.
  private let mine: Listener
  private let other: Listener

  /// Whoever waits at an end.
  private final class Listener: Sendable {
    let action = Mutex<(@Sendable () -> Void)?>(nil)
    func tell() { action.withLock(\.self)?() }
  }

  private init(
    _ incoming: MemoryPipe, _ outgoing: MemoryPipe, _ mine: Listener, _ other: Listener,
    piece: Int
  ) {
    self.incoming = incoming
    self.outgoing = outgoing
    self.mine = mine
    self.other = other
    self.piece = piece
  }

  /// Two ends of one connection.
  ///
  /// - Parameter piece: the most bytes that one read returns.
  package static func pair(piece: Int = .max) -> (MemoryEnd, MemoryEnd) {
    let pipes = (MemoryPipe(), MemoryPipe())
    let listeners = (Listener(), Listener())
    return (
      MemoryEnd(pipes.0, pipes.1, listeners.0, listeners.1, piece: piece),
      MemoryEnd(pipes.1, pipes.0, listeners.1, listeners.0, piece: piece)
    )
  }

  deinit { close() }

  /// Calls `action`, on whatever thread, when the other end has read, written or closed; nil: nobody.
  package func whenChanged(_ action: (@Sendable () -> Void)?) {
    mine.action.withLock { $0 = action }
  }

  /// What would not have to wait.
  package var readiness: Readiness {
    var readiness: Readiness = []
    if incoming.state.withLock({ $0.count > 0 || $0.hasEnded }) { readiness.insert(.readable) }
    if outgoing.state.withLock({ $0.count < MemoryPipe.capacity || $0.isAbandoned }) {
      readiness.insert(.writable)
    }
    return readiness
  }

  /// As `Socket.read`.
  package func read(into buffer: inout [UInt8]) -> Int? {
    let count = incoming.read(into: &buffer, atMost: piece)
    other.tell()
    return count
  }

  /// As `Socket.write`.
  package func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    let count = try outgoing.write(bytes)
    other.tell()
    return count
  }

  /// Bytes that were written and not read.
  var unacknowledgedBytes: Int { outgoing.state.withLock(\.count) }

  /// As `Socket.finishWriting`.
  package func finishWriting() {
    outgoing.state.withLock { $0.hasEnded = true }
    other.tell()
  }

  /// Reads and writes no more.
  package func close() {
    outgoing.state.withLock { $0.hasEnded = true }
    incoming.state.withLock { $0.isAbandoned = true }
    whenChanged(nil)
    other.tell()
  }
}
