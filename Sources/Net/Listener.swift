internal import Linux
internal import OpenSSL

/// A listening socket on one loop, and the connections that it has accepted.
///
/// `@unchecked Sendable`: what is mutable is touched only on the thread of `loop`.
final class Listener: LoopResident, @unchecked Sendable {
  let address: SocketAddress
  private let loop: EventLoop
  private var configuration: Server.Configuration
  private let acceptor: any StreamAcceptor
  private let count: ConnectionCount
  /// Nil where there is a network within the process instead.
  private var socket: Socket?
  /// Its number in that network.
  private var place: Int?
  private var isClosed = false
  private var registration: Registration?
  private var connections: [ObjectIdentifier: Connection] = [:]
  private var whenEmpty: [() -> Void] = []

  private init(
    _ socket: consuming Socket?, at address: SocketAddress, on loop: EventLoop,
    _ configuration: Server.Configuration, _ acceptor: any StreamAcceptor,
    _ count: ConnectionCount
  ) {
    self.count = count
    self.loop = loop
    self.configuration = configuration
    self.acceptor = acceptor
    self.address = address
    self.socket = consume socket
  }

  /// Begins to listen.
  ///
  /// Call it on the loop.
  static func open(
    on loop: EventLoop, _ configuration: Server.Configuration, _ acceptor: any StreamAcceptor,
    _ count: ConnectionCount, duplicateOf raw: CInt?
  ) -> Result<Listener, SystemError> {
    do throws(SystemError) {
      let listener = try make(on: loop, configuration, acceptor, count, duplicateOf: raw)
      try listener.resume()
      loop.add(listener)
      listener.place = configuration.network?.listen { listener.accept($0) }
      return .success(listener)
    } catch {
      return .failure(error)
    }
  }

  private static func make(
    on loop: EventLoop, _ configuration: Server.Configuration, _ acceptor: any StreamAcceptor,
    _ count: ConnectionCount, duplicateOf raw: CInt?
  ) throws(SystemError) -> Listener {
    if configuration.network != nil {
      return Listener(nil, at: configuration.address, on: loop, configuration, acceptor, count)
    }
    let limits = configuration.limits
    let socket =
      if let raw {
        try Socket.listening(duplicateOf: raw)
      } else {
        try Socket.listening(on: configuration.address, backlog: limits.backlog)
      }
    // The kernel does not name a path back.
    let address =
      configuration.address.port == nil ? configuration.address : try socket.localAddress()
    return Listener(socket, at: address, on: loop, configuration, acceptor, count)
  }

  private func resume() throws(SystemError) {
    guard let raw = socket?.raw, registration == nil else { return }
    registration = try loop.register(descriptor: raw, for: .readable) { [unowned self] _ in
      self.acceptAll()
    }
  }

  private func pause() {
    if let registration { loop.remove(registration) }
    registration = nil
  }

  /// Accepts those who wait, as many as one turn may; returns whether there may be more.
  @discardableResult
  private func acceptAll() -> Bool {
    for _ in 0..<configuration.limits.acceptsPerTurn {
      do throws(SystemError) {
        guard let accepted = try socket?.accept() else { return false }
        serve(accepted)
      } catch {
        recover(from: error)
        return error.isAboutOneConnection
      }
    }
    return true
  }

  /// A connection that was gone before it was accepted is nobody's loss.
  ///
  /// Without descriptors or memory, asking again at once would spin.
  private func recover(from error: SystemError) {
    if error.isAboutOneConnection { return }
    pause()
    resumeLater()
  }

  private func resumeLater() {
    loop.schedule(after: configuration.limits.pauseWithoutDescriptors) { [weak self] in
      // Without memory for that either, again.
      do { try self?.resume() } catch { self?.resumeLater() }
    }
  }

  /// Takes the other end of a connection within the process.
  ///
  /// May be called on any thread.
  func accept(_ end: MemoryEnd) {
    loop.execute {
      // As the kernel calls a Unix socket that has no name.
      if !self.isClosed { self.serve(.memory(end), .unix(path: "")) }
    }
  }

  private func serve(_ socket: consuming Socket) {
    // Whoever is gone already has no address.
    guard let peer = try? socket.peerAddress() else { return }
    serve(.socket(socket), peer)
  }

  private func serve(_ transport: consuming Transport, _ peer: SocketAddress) {
    if let reason = count.enter(peer) {
      configuration.refused?(Refusal(reason: reason, peer: peer, frames: nil))
      return
    }
    // Without memory or room in the poller this connection is dropped; others may still work.
    try? begin(transport, peer)
  }

  private func begin(_ transport: consuming Transport, _ peer: SocketAddress) throws {
    do {
      let tls = try configuration.tls.map { configuration throws(TLSError) in
        try TLSConnection(server: configuration)
      }
      let connection = Connection(
        transport, to: peer, on: loop, tls: tls, acceptor: acceptor,
        http2: configuration.http2, limits: configuration.limits)
      connection.refused = configuration.refused
      try connection.start()
      add(connection)
    } catch {
      count.leave(peer)
      throw error
    }
  }

  private func add(_ connection: Connection) {
    let id = ObjectIdentifier(connection)
    connections[id] = connection
    let peer = connection.peer
    connection.whenClosed { [weak self] in
      guard let self else { return }
      self.connections[id] = nil
      self.count.leave(peer)
      self.checkEmpty()
    }
  }

  private func checkEmpty() {
    guard connections.isEmpty, isClosed else { return }
    let actions = whenEmpty
    whenEmpty = []
    for action in actions { action() }
  }

  /// Encrypts connections that are accepted from here on in another way.
  ///
  func use(_ tls: TLSConfiguration) async {
    await loop.run {
      if self.configuration.tls != nil { self.configuration.tls = tls }
    }
  }

  private func close() {
    // Whoever the kernel has let in already would else be thrown out unseen; those who wait at a
    // socket that lives on are the next server's.
    if socket != nil, configuration.inherited.isEmpty { acceptWaiting() }
    pause()
    isClosed = true
    socket = nil
    if let place { configuration.network?.remove(place) }
    place = nil
    loop.remove(self)
  }

  /// Accepts as many as can wait at once: more may come all the while.
  private func acceptWaiting() {
    let limits = configuration.limits
    for _ in 0...Int(limits.backlog) / limits.acceptsPerTurn {
      guard acceptAll() else { return }
    }
  }

  func loopIsEnding() {
    close()
    checkEmpty()
  }

  /// Stops listening and returns when all connections have closed.
  func shutDown(grace: Duration) async {
    await withCheckedContinuation { continuation in
      loop.execute {
        self.close()
        self.whenEmpty.append { continuation.resume() }
        for connection in self.connections.values { connection.shutDown(grace: grace) }
        self.checkEmpty()
      }
    }
  }
}
