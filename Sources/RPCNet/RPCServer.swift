public import HTTP2
public import Linux
public import Net
public import OpenSSL
public import RPC

/// Serves gRPC, gRPC-Web and Connect on one address, on all loops of a group.
public final class RPCServer: Sendable {
  /// Where and how to serve.
  public struct Configuration: Sendable {
    /// Where to listen; port 0 lets the kernel choose.
    public var address: SocketAddress
    /// With it every connection is encrypted, without it none.
    public var tls: TLSConfiguration?
    /// What one call may take up.
    public var calls = CallLimits()
    /// The origins of the web pages that may call, as `https://app.example`.
    public var origins: [String] = []
    /// What one connection may ask for.
    public var http2 = Limits()
    /// How long peers are waited for.
    public var net = NetLimits()
    /// How long cancelled handlers are waited for when the server stops.
    public var timeToStop = Duration.seconds(5)

    /// A server on `address`.
    public init(address: SocketAddress, tls: TLSConfiguration? = nil) {
      self.address = address
      self.tls = tls
    }
  }

  private let server: Server
  private let acceptor: CallAcceptor
  private let timeToStop: Duration

  private init(_ server: Server, _ acceptor: CallAcceptor, timeToStop: Duration) {
    self.server = server
    self.acceptor = acceptor
    self.timeToStop = timeToStop
  }

  /// Where the server listens, with the port that the kernel chose.
  public var address: SocketAddress { server.address }

  /// Serves `services` on the loops of `group`; returns once connections are accepted.
  ///
  /// Every call passes the interceptors in their order before its handler. Follow with `shutDown`
  /// before the group is shut down.
  public static func start(
    on group: EventLoopGroup, _ configuration: Configuration, services: [any Service],
    interceptors: [any ServerInterceptor] = []
  ) async throws(NetError) -> RPCServer {
    let methods = MethodTable(Router(services), interceptors: interceptors)
    let acceptor = CallAcceptor(
      methods, limits: configuration.calls, crossOrigin: CrossOrigin(configuration.origins),
      loops: group.loops)
    var net = Server.Configuration(address: configuration.address, tls: configuration.tls)
    net.http2 = configuration.http2
    net.limits = configuration.net
    let server = try await Server.start(on: group, net, acceptor: acceptor)
    return RPCServer(server, acceptor, timeToStop: configuration.timeToStop)
  }

  /// Takes no more calls, lets those under way finish for at most `grace`, then cancels them, and
  /// returns when their handlers have returned.
  public func shutDown(grace: Duration) async {
    await server.shutDown(grace: grace)
    await acceptor.waitForHandlers(atMost: timeToStop)
  }
}
