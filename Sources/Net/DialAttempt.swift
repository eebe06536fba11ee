internal import HTTP2
internal import Linux
internal import OpenSSL

/// One try to connect to one address, on a loop, until it has ended one way or the other.
final class DialAttempt: LoopResident {
  private let address: SocketAddress
  private let target: Connection.Target
  private let loop: EventLoop
  private var done: ((Result<Connection, NetError>) -> Void)?
  private var socket: Socket?
  private var registration: Registration?
  private var timer: EventLoop.Timer?
  /// From when it is connected until it is shown to speak HTTP/2.
  private var connection: Connection?

  init(
    _ address: SocketAddress, _ target: Connection.Target, _ loop: EventLoop,
    _ done: @escaping (Result<Connection, NetError>) -> Void
  ) {
    self.address = address
    self.target = target
    self.loop = loop
    self.done = done
  }

  func start() {
    loop.add(self)
    timer = loop.schedule(after: target.limits.timeToConnect) { self.finish(.failure(.timedOut)) }
    if let network = target.network { return connect(through: network) }
    do throws(SystemError) {
      let socket = try Socket(for: address)
      try socket.connect(to: address)
      registration = try loop.register(descriptor: socket.raw, for: .writable) { _ in
        self.connected()
      }
      self.socket = consume socket
    } catch {
      finish(.failure(.system(error)))
    }
  }

  private func connect(through network: MemoryNetwork) {
    guard let end = network.connect() else { return finish(.failure(.closed)) }
    do throws(NetError) { try establish(.memory(end)) } catch { finish(.failure(error)) }
  }

  /// Gives up; nobody is told.
  func cancel() {
    done = nil
    let connection = self.connection
    finish(.failure(.closed))
    connection?.close()
  }

  private func connected() {
    stopWaiting()
    guard let socket = socket.take() else { return }
    do throws(SystemError) { try socket.checkConnected() } catch {
      return finish(.failure(.system(error)))
    }
    do throws(NetError) { try establish(.socket(socket)) } catch { finish(.failure(error)) }
  }

  private func establish(_ transport: consuming Transport) throws(NetError) {
    do {
      let tls = try target.tls.map { configuration throws(TLSError) in
        try TLSConnection(client: configuration, serverName: target.host)
      }
      let connection = Connection(
        transport, to: address, on: loop, tls: tls, acceptor: nil, http2: target.http2,
        limits: target.limits)
      connection.whenEstablished.append { [weak connection] error in
        guard let connection, error == nil else {
          return self.finish(.failure(error ?? .closed))
        }
        self.finish(.success(connection))
      }
      self.connection = connection
      try connection.start()
    } catch let error as SystemError {
      throw .system(error)
    } catch {
      throw .insecure("\(error)")
    }
  }

  private func stopWaiting() {
    timer?.cancel()
    if let registration { loop.remove(registration) }
    registration = nil
  }

  private func finish(_ result: Result<Connection, NetError>) {
    stopWaiting()
    socket = nil
    connection = nil
    loop.remove(self)
    let done = self.done
    self.done = nil
    done?(result)
  }

  func loopIsEnding() { finish(.failure(.closed)) }
}
