public import HTTP2
public import Linux
public import OpenSSL

/// Accepts HTTP/2 connections on one address, with a listener of its own on every loop: the kernel
/// spreads the connections, and each stays on the loop that accepted it.
public final class Server: Sendable {
  /// What a server is made from.
  public struct Configuration: Sendable {
    /// Where to listen; port 0 lets the kernel choose.
    public var address: SocketAddress
    /// With it every connection is encrypted, without it none.
    public var tls: TLSConfiguration?
    /// What each peer may ask of its connection.
    public var http2 = Limits()
    /// How long peers are waited for.
    public var limits = NetLimits()
    /// Called on the connection's loop for each peer that was refused, once: a place to count and to
    /// log.
    ///
    /// A flood of connections is a flood of calls.
    public var refused: (@Sendable (Refusal) -> Void)?

    /// A server on `address`.
    public init(address: SocketAddress, tls: TLSConfiguration? = nil) {
      self.address = address
      self.tls = tls
    }
  }

  /// Where the server listens, with the port that the kernel chose.
  public let address: SocketAddress
  private let listeners: [Listener]

  private init(address: SocketAddress, listeners: [Listener]) {
    self.address = address
    self.listeners = listeners
  }

  /// Listens on every loop of `group` and hands all streams to `acceptor`.
  ///
  /// Returns once connections are accepted. Follow with `shutDown` before the group is shut down.
  public static func start(
    on group: EventLoopGroup, _ configuration: Configuration, acceptor: any StreamAcceptor
  ) async throws(NetError) -> Server {
    try requireFree(configuration.address)
    var configuration = configuration
    var listeners: [Listener] = []
    let count = ConnectionCount(limit: configuration.limits.connections)
    for loop in group.loops {
      let current = configuration
      let result = await loop.run { Listener.open(on: loop, current, acceptor, count) }
      switch result {
      case .success(let listener):
        listeners.append(listener)
        // The others join the port of the first.
        configuration.address = listener.address
      case .failure(let error):
        for listener in listeners { await listener.shutDown(grace: .zero) }
        throw .system(error)
      }
      // A path cannot be shared: one loop serves it.
      if configuration.address.port == nil { break }
    }
    return Server(address: configuration.address, listeners: listeners)
  }

  /// Throws if somebody listens there already.
  ///
  /// Our listeners share their port, and would with those of another server of this user, whose
  /// callers would then reach now the one and now the other.
  private static func requireFree(_ address: SocketAddress) throws(NetError) {
    guard let port = address.port, port != 0 else { return }
    do throws(SystemError) {
      try Socket.listening(on: address, backlog: 1, shared: false).close()
    } catch { throw .system(error) }
  }

  /// Stops listening, lets the streams under way finish for at most `grace`, and returns when all
  /// connections are closed.
  public func shutDown(grace: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      for listener in listeners { group.addTask { await listener.shutDown(grace: grace) } }
    }
  }
}
