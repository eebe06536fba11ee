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
    /// Sockets that listen already, handed over by whoever started this process; see
    /// `Server.Configuration.inherited`.
    public var inherited: [CInt] = []
    /// With it every connection is encrypted, without it none.
    public var tls: TLSConfiguration?
    /// What one call may take up.
    public var calls = CallLimits()
    /// How many calls are taken on.
    public var admission = AdmissionLimits()
    /// The origins of the web pages that may call, as `https://app.example`.
    public var origins: [String] = []
    /// What one connection may ask for.
    public var http2 = Limits()
    /// How long peers are waited for.
    public var net = NetLimits()
    /// How long cancelled handlers are waited for when the server stops.
    public var timeToStop = Duration.seconds(5)
    /// Called on the connection's loop for each connection that was refused, once: a place to log.
    public var refused: (@Sendable (Net.Refusal) -> Void)?

    /// If there is one, connections come from there, and nobody listens to `address`.
    public var network: MemoryNetwork?

    /// A server on `address`.
    public init(address: SocketAddress, tls: TLSConfiguration? = nil) {
      self.address = address
      self.tls = tls
    }

    /// A server for clients in this process.
    public init(network: MemoryNetwork, tls: TLSConfiguration? = nil) {
      self.init(address: .unix(path: ""), tls: tls)
      self.network = network
    }
  }

  private let server: Server
  private let acceptor: CallAcceptor
  private let timeToStop: Duration
  /// How many connections and calls were refused, and why.
  public let refusals: RefusalCounts

  private init(
    _ server: Server, _ acceptor: CallAcceptor, _ refusals: RefusalCounts, timeToStop: Duration
  ) {
    self.server = server
    self.acceptor = acceptor
    self.refusals = refusals
    self.timeToStop = timeToStop
  }

  /// Where the server listens, with the port that the kernel chose.
  public var address: SocketAddress { server.address }

  /// How many connections there are.
  public var connections: Int { server.connections }

  /// How many calls have begun and not ended.
  public var callsUnderWay: Int { acceptor.callsUnderWay }

  /// Serves `services` on the loops of `group`; returns once connections are accepted.
  ///
  /// Every call passes the interceptors in their order before its handler. Follow with `shutDown`
  /// before the group is shut down.
  public static func start(
    on group: EventLoopGroup, _ configuration: Configuration, services: [any Service],
    interceptors: [any ServerInterceptor] = []
  ) async throws(NetError) -> RPCServer {
    let methods = MethodTable(Router(services), interceptors: interceptors)
    let refusals = RefusalCounts()
    let running = group.loops.map { loop in
      let admission = Admission(configuration.admission, loops: group.loops.count)
      return RunningCalls(on: loop, admission, configuration.calls, refusals, configuration.refused)
    }
    let acceptor = CallAcceptor(
      methods, limits: configuration.calls, crossOrigin: CrossOrigin(configuration.origins),
      running: running)
    let server = try await Server.start(
      on: group, configuration.net(refusals), acceptor: acceptor)
    return RPCServer(server, acceptor, refusals, timeToStop: configuration.timeToStop)
  }

  /// Encrypts connections that are accepted from here on in another way: with a certificate that has
  /// been renewed.
  ///
  /// Those that exist go on.
  public func use(_ tls: TLSConfiguration) async { await server.use(tls) }

  /// Takes no more calls, lets those under way finish for at most `grace`, then cancels them, and
  /// returns when their handlers have returned.
  public func shutDown(grace: Duration) async {
    await server.shutDown(grace: grace)
    await acceptor.waitForHandlers(atMost: timeToStop)
  }
}

extension RPCServer.Configuration {
  /// The network's part of it.
  fileprivate func net(_ refusals: RefusalCounts) -> Server.Configuration {
    var net = Server.Configuration(address: address, tls: tls)
    net.inherited = inherited
    net.network = network
    net.http2 = http2
    net.limits = self.net
    net.refused = { [refused] refusal in
      refusals.count(refusal.reason)
      refused?(refusal)
    }
    return net
  }
}
