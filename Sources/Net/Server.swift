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
    /// Sockets that listen already, handed over by whoever started this process; `address` is then
    /// only what the server calls itself.
    ///
    /// They stay their owner's, and go on listening when the server has shut down.
    public var inherited: [CInt] = []
    /// If there is one, connections come from there, and nobody listens to `address`.
    public var network: MemoryNetwork?
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
  private let count: ConnectionCount
  /// Whether the socket is ours to remove.
  private let isOwner: Bool

  private init(
    address: SocketAddress, listeners: [Listener], _ count: ConnectionCount, isOwner: Bool
  ) {
    self.address = address
    self.listeners = listeners
    self.count = count
    self.isOwner = isOwner
  }

  /// How many connections there are.
  public var connections: Int { count.current }

  /// Listens on every loop of `group` and hands all streams to `acceptor`.
  ///
  /// Returns once connections are accepted. Follow with `shutDown` before the group is shut down.
  public static func start(
    on group: EventLoopGroup, _ configuration: Configuration, acceptor: any StreamAcceptor
  ) async throws(NetError) -> Server {
    var configuration = configuration
    let path = try claim(configuration)
    var listeners: [Listener] = []
    let count = ConnectionCount(configuration.limits)
    for (index, loop) in group.loops.enumerated() {
      let current = configuration
      let inherited = current.inherited
      let raw = inherited.isEmpty ? path?.socket.raw : inherited[index % inherited.count]
      let result = await loop.run {
        Listener.open(on: loop, current, acceptor, count, duplicateOf: raw)
      }
      switch result {
      case .success(let listener):
        listeners.append(listener)
        // The others join the port of the first.
        configuration.address = listener.address
      case .failure(let error):
        for listener in listeners { await listener.shutDown(grace: .zero) }
        throw .system(error)
      }
    }
    // Every loop has a copy.
    withExtendedLifetime(path) {}
    return Server(
      address: configuration.address, listeners: listeners, count,
      isOwner: configuration.inherited.isEmpty && configuration.network == nil)
  }

  /// Throws if somebody listens there already; for a path, which cannot be listened to twice,
  /// returns the socket of which every loop gets a copy.
  ///
  /// Our listeners share their port, and would with those of another server of this user, whose
  /// callers would then reach now the one and now the other.
  private static func claim(_ configuration: Configuration) throws(NetError) -> PathSocket? {
    let address = configuration.address
    guard configuration.inherited.isEmpty, configuration.network == nil, address.port != 0 else {
      return nil
    }
    do throws(SystemError) {
      if case .unix(let path) = address {
        try Socket.removeStale(path: path)
        let backlog = configuration.limits.backlog
        return PathSocket(try Socket.listening(on: address, backlog: backlog))
      }
      try Socket.listening(on: address, backlog: 1, shared: false).close()
      return nil
    } catch { throw .system(error) }
  }

  /// Encrypts connections that are accepted from here on in another way: with a certificate that has
  /// been renewed.
  ///
  /// Those that exist go on. A server without TLS does not begin to have it.
  public func use(_ tls: TLSConfiguration) async {
    for listener in listeners { await listener.use(tls) }
  }

  /// Stops listening, lets the streams under way finish for at most `grace`, and returns when all
  /// connections are closed.
  public func shutDown(grace: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      for listener in listeners { group.addTask { await listener.shutDown(grace: grace) } }
    }
    if case .unix(let path) = address, isOwner { try? Socket.remove(path: path) }
  }
}

/// A socket that listens to a path.
private final class PathSocket {
  let socket: Socket
  init(_ socket: consuming Socket) { self.socket = socket }
}
