internal import CLinux
internal import Glibc

/// A stream socket that never blocks.
public struct Socket: ~Copyable, Sendable {
  private let descriptor: FileDescriptor

  /// The number to wait for, valid for as long as this value lives.
  public var raw: CInt { descriptor.raw }

  private init(owning raw: CInt) { descriptor = FileDescriptor(owning: raw) }

  /// A new socket of the kind that `address` needs.
  ///
  /// Wraps `socket`.
  public init(for address: SocketAddress) throws(SystemError) {
    let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let family = address.family
    self.init(owning: try retryingOnInterrupt("socket") { socket(family, type, 0) })
  }
}

// MARK: - Connecting

extension Socket {
  /// Binds to `address` and listens; port 0 lets the kernel choose.
  ///
  /// Others of this user may listen on the same port if both are `shared`: the kernel then spreads
  /// the connections. Wraps `bind` and `listen`.
  public static func listening(
    on address: SocketAddress, backlog: CInt, shared: Bool = true
  ) throws(SystemError) -> Socket {
    let new = try Socket(for: address)
    if address.port != nil {
      // A port whose last connections have not been forgotten can be taken again.
      try new.set(SOL_SOCKET, SO_REUSEADDR, 1)
      if shared { try new.set(SOL_SOCKET, SO_REUSEPORT, 1) }
    } else {
      // Whoever may write to the path may connect: this user and its group. Before `bind`, which
      // takes the mode over.
      try retryingOnInterrupt("fchmod") { fchmod(new.raw, 0o660) }
    }
    try unsafe address.withKernelForm { form, length throws(SystemError) in
      try retryingOnInterrupt("bind") { unsafe bind(new.raw, form, length) }
    }
    try retryingOnInterrupt("listen") { listen(new.raw, backlog) }
    return new
  }

  /// Another descriptor of a socket that listens already, such as one that this process was given.
  ///
  /// Throws EINVAL if it does not listen. The descriptor stays its owner's.
  public static func listening(duplicateOf raw: CInt) throws(SystemError) -> Socket {
    let copy = Socket(owning: try retryingOnInterrupt("fcntl") { linux_duplicate(raw) })
    var listens: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    try retryingOnInterrupt("getsockopt") {
      unsafe getsockopt(copy.raw, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length)
    }
    guard listens != 0 else { throw SystemError(errno: EINVAL, call: "getsockopt") }
    try retryingOnInterrupt("fcntl") { linux_set_nonblocking(copy.raw) }
    return copy
  }

  /// The next connection that waits here; nil if none does.
  ///
  /// Wraps `accept4`.
  public func accept() throws(SystemError) -> Socket? {
    let flags = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let accepted = try unlessBlocking("accept4") { accept4(raw, nil, nil, flags) }
    return accepted.map { Socket(owning: $0) }
  }

  /// Begins to connect; the socket becomes writable when it is known how that ended.
  ///
  /// Wraps `connect`.
  public func connect(to address: SocketAddress) throws(SystemError) {
    do throws(SystemError) {
      try unsafe address.withKernelForm { form, length throws(SystemError) in
        try retryingOnInterrupt("connect") { unsafe Glibc.connect(raw, form, length) }
      }
    } catch {
      // EALREADY: the call was interrupted and made again.
      guard error.errno == EINPROGRESS || error.errno == EALREADY else { throw error }
    }
  }

  /// Throws if connecting has failed.
  ///
  /// Wraps `getsockopt(SO_ERROR)`.
  public func checkConnected() throws(SystemError) {
    var code: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    try retryingOnInterrupt("getsockopt") {
      unsafe getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &length)
    }
    if code != 0 { throw SystemError(errno: code, call: "connect") }
  }

  /// The address of this end, with the port that the kernel chose.
  ///
  /// Wraps `getsockname`.
  public func localAddress() throws(SystemError) -> SocketAddress {
    unsafe try address("getsockname") { unsafe getsockname(raw, $0, $1) }
  }

  /// The address of the other end.
  ///
  /// Wraps `getpeername`.
  public func peerAddress() throws(SystemError) -> SocketAddress {
    unsafe try address("getpeername") { unsafe getpeername(raw, $0, $1) }
  }

  private func address(
    _ call: StaticString,
    _ get: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
  ) throws(SystemError) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    try retryingOnInterrupt(call) {
      unsafe withUnsafeMutableBytes(of: &storage) { room -> CInt in
        guard let start = room.baseAddress else { return -1 }
        return unsafe get(start.assumingMemoryBound(to: sockaddr.self), &length)
      }
    }
    return SocketAddress(storage)
  }

  /// Sends small segments at once: whoever writes here has collected a whole turn already.
  ///
  /// Wraps `setsockopt(TCP_NODELAY)`; does nothing on a socket without TCP.
  public func setNoDelay() {
    try? set(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  private func set(_ level: CInt, _ option: CInt, _ value: CInt) throws(SystemError) {
    var value = value
    let length = socklen_t(MemoryLayout<CInt>.size)
    try retryingOnInterrupt("setsockopt") {
      unsafe setsockopt(raw, level, option, &value, length)
    }
  }
}

// MARK: - Bytes

extension Socket {
  /// Reads into `buffer` from its start and returns how many bytes came: 0 at the end of the peer's
  /// output, nil if there is nothing now.
  ///
  /// Wraps `recv`.
  public func read(into buffer: inout [UInt8]) throws(SystemError) -> Int? {
    try unlessBlocking("recv") {
      unsafe buffer.withUnsafeMutableBytes { unsafe recv(raw, $0.baseAddress, $0.count, 0) }
    }
  }

  /// Writes as much of `bytes` as there is room for and returns how much that was.
  ///
  /// A peer that is gone is an error, not a signal. Wraps `send`.
  public func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    let written = try unlessBlocking("send") {
      unsafe bytes.withUnsafeBytes {
        unsafe send(raw, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
    }
    return written ?? 0
  }

  /// How much of what was written the other end's kernel has not taken yet; nil if nobody can say.
  ///
  /// Wraps `ioctl(SIOCOUTQ)`.
  public var unacknowledgedBytes: Int? {
    var count: CInt = 0
    return unsafe linux_unacknowledged(raw, &count) == 0 ? Int(count) : nil
  }

  /// Closes now, so that an error can be seen.
  public consuming func close() throws(SystemError) { try descriptor.close() }

  /// Tells the peer that nothing more comes, while still reading.
  ///
  /// Wraps `shutdown(SHUT_WR)`.
  public func finishWriting() {
    _ = shutdown(raw, CInt(SHUT_WR))
  }
}
