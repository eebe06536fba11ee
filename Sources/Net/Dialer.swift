public import HTTP2
internal import Linux
public import OpenSSL

extension Connection {
  /// What a connection is dialled with.
  public struct Target: Sendable {
    /// A name or a number; with TLS the certificate must be for it.
    public var host: String
    /// The port.
    public var port: UInt16
    /// With it the connection is encrypted and the peer verified.
    public var tls: TLSConfiguration?
    /// What the peer may ask of the connection.
    public var http2 = Limits()
    /// How long the peer is waited for.
    public var limits = NetLimits()

    /// A server at `host`.
    public init(host: String, port: UInt16, tls: TLSConfiguration? = nil) {
      self.host = host
      self.port = port
      self.tls = tls
    }
  }

  /// Connects to `target` and returns a connection of `loop`.
  ///
  /// It has been shown to speak HTTP/2 when it is returned: the peer's settings have arrived or,
  /// with TLS, the peer is verified and has chosen the protocol. Tries all addresses of a name in
  /// turn; the error is that of the last.
  public static func dial(
    _ target: Target, on loop: EventLoop
  ) async throws(NetError) -> Connection {
    var last = NetError.unresolvable(host: target.host, reason: "no address")
    for address in try await addresses(of: target) {
      do throws(NetError) {
        return try await dial(address, target, on: loop)
      } catch {
        last = error
      }
    }
    throw last
  }

  private static func dial(
    _ address: SocketAddress, _ target: Target, on loop: EventLoop
  ) async throws(NetError) -> Connection {
    let result = await withCheckedContinuation { continuation in
      loop.execute {
        Attempt(address, target, loop) { continuation.resume(returning: $0) }.start()
      }
    }
    return try result.get()
  }

  /// Asks the resolver on a thread of its own, since it blocks.
  private static func addresses(of target: Target) async throws(NetError) -> [SocketAddress] {
    if let numeric = SocketAddress(host: target.host, port: target.port) { return [numeric] }
    let result: Result<[SocketAddress], NetError> = await withCheckedContinuation { continuation in
      do throws(SystemError) {
        _ = try Thread(name: "resolver") { continuation.resume(returning: resolve(target)) }
      } catch {
        continuation.resume(returning: .failure(.system(error)))
      }
    }
    return try result.get()
  }

  private static func resolve(_ target: Target) -> Result<[SocketAddress], NetError> {
    do throws(Resolver.Failure) {
      return .success(try Resolver.addresses(of: target.host, port: target.port))
    } catch {
      return .failure(.unresolvable(host: target.host, reason: error.reason))
    }
  }
}

/// One try to connect to one address, on a loop, until it has ended one way or the other.
private final class Attempt: LoopResident {
  private let address: SocketAddress
  private let target: Connection.Target
  private let loop: EventLoop
  private var done: ((Result<Connection, NetError>) -> Void)?
  private var socket: Socket?
  private var registration: Registration?
  private var timer: EventLoop.Timer?

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

  private func connected() {
    stopWaiting()
    guard let socket = socket.take() else { return }
    do throws(NetError) {
      try establish(socket)
    } catch {
      finish(.failure(error))
    }
  }

  private func establish(_ socket: consuming Socket) throws(NetError) {
    do {
      try socket.checkConnected()
      let tls = try target.tls.map { configuration throws(TLSError) in
        try TLSConnection(client: configuration, serverName: target.host)
      }
      let connection = Connection(
        socket, to: address, on: loop, tls: tls, acceptor: nil, http2: target.http2,
        limits: target.limits)
      connection.whenEstablished.append { [weak connection] error in
        guard let connection, error == nil else {
          return self.finish(.failure(error ?? .closed))
        }
        self.finish(.success(connection))
      }
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
    loop.remove(self)
    let done = self.done
    self.done = nil
    done?(result)
  }

  func loopIsEnding() { finish(.failure(.closed)) }
}
