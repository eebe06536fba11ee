internal import Linux

/// What carries the bytes of a connection: a socket, or memory of this process.
enum Transport: ~Copyable {
  case socket(Socket)
  case memory(MemoryEnd)

  /// Reads into `buffer` from its start and returns how many bytes came: 0 at the end of the peer's
  /// output, nil if there is nothing now.
  func read(into buffer: inout [UInt8]) throws(SystemError) -> Int? {
    switch self {
    case .socket(let socket): try socket.read(into: &buffer)
    case .memory(let end): end.read(into: &buffer)
    }
  }

  /// Writes as much of `bytes` as there is room for and returns how much that was.
  func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    switch self {
    case .socket(let socket): try socket.write(bytes)
    case .memory(let end): try end.write(bytes)
    }
  }

  /// How much of what was written the other end has not taken yet; nil if nobody can say.
  var unacknowledgedBytes: Int? {
    switch self {
    case .socket(let socket): socket.unacknowledgedBytes
    case .memory(let end): end.unacknowledgedBytes
    }
  }

  /// Tells the peer that nothing more comes, while still reading.
  func finishWriting() {
    switch self {
    case .socket(let socket): socket.finishWriting()
    case .memory(let end): end.finishWriting()
    }
  }

  /// Who the process at the other end of a Unix socket runs as.
  var peerCredentials: PeerCredentials? {
    switch self {
    case .socket(let socket): try? socket.peerCredentials()
    case .memory: nil
    }
  }

  /// Has `ready` called on `loop`, from which this is called, whenever there is something to read.
  func watch(
    on loop: EventLoop, _ ready: @escaping @Sendable (Readiness) -> Void
  ) throws(SystemError) -> Watch {
    switch self {
    case .socket(let socket):
      socket.setNoDelay()
      return .poller(try loop.register(descriptor: socket.raw, for: .readable, ready))
    case .memory(let end): return .memory(MemoryWatch(end, on: loop, for: .readable, ready))
    }
  }

  /// Who tells what has become possible.
  enum Watch {
    case poller(Registration)
    case memory(MemoryWatch)

    /// Changes what is waited for.
    func change(to interest: Readiness, on loop: EventLoop) throws(SystemError) {
      switch self {
      case .poller(let registration): try loop.modify(registration, for: interest)
      case .memory(let watch): watch.interest = interest
      }
    }

    /// Nobody is told any more.
    func end(on loop: EventLoop) {
      switch self {
      case .poller(let registration): loop.remove(registration)
      case .memory(let watch): watch.stop()
      }
    }
  }
}
