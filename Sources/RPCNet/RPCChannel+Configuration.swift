public import HTTP2
package import Linux
public import Net
public import OpenSSL
public import RPC

extension RPCChannel {
  /// How calls are spread over the addresses of a server.
  public enum Balancing: Sendable {
    /// One connection, to whichever address answers first.
    case pickFirst
    /// A connection to each address, and calls to each in turn.
    case roundRobin
  }

  /// When a server that is silent is asked for a sign of life.
  public struct Keepalive: Sendable, Hashable {
    /// The silence after which it is asked.
    ///
    /// Doubles each time that a server finds it too short.
    public var interval: Duration
    /// How long the answer may take, before the connection counts as lost: what gRPC waits.
    public var timeout = Duration.seconds(20)
    /// Whether it is asked while no call waits for it: servers of gRPC resent that.
    public var withoutCalls = false

    /// Asks after this much silence.
    public init(interval: Duration) { self.interval = interval }
  }

  /// Where and how to connect.
  public struct Configuration: Sendable {
    /// Where the server is.
    public var server: ServerName
    /// With it connections are encrypted and the server verified, without it not.
    ///
    /// It may hold a certificate that says who we are.
    public var tls: TLSConfiguration?
    /// The protocol in which calls are made.
    public var callProtocol = CallProtocol.grpc
    /// What requests name in `:authority`; nil for the server's name.
    public var authority: String?
    /// Whose certificate the server must show; nil for the server's name.
    public var certificateName: String?
    /// How calls are spread over the server's addresses.
    public var balancing = Balancing.pickFirst
    /// Which calls are made again after they have failed.
    public var retries = RetryRules()
    /// How long to wait before connecting again.
    public var backoff = Backoff()
    /// The least time between two resolutions of a name: what gRPC waits.
    public var resolutionInterval = Duration.seconds(30)
    /// When a silent server is asked for a sign of life; nil: never.
    ///
    /// Servers of gRPC allow that once in five minutes unless they say otherwise.
    public var keepalive: Keepalive? = Keepalive(interval: .seconds(330))
    /// What one call may take up.
    public var calls = CallLimits()
    /// What the server may ask of a connection.
    public var http2 = Limits()
    /// How long the server is waited for.
    public var net = NetLimits()
    /// If there is one, the server is the one that listens there.
    public var network: MemoryNetwork?

    /// What chance is made of: a number from -1 to 1.
    package var random: @Sendable () -> Double = { .random(in: -1...1) }
    /// Who is asked for the addresses of a host.
    package var lookup: @Sendable (String, UInt16) async throws(NetError) -> [SocketAddress] = {
      host, port throws(NetError) in try await Resolver.find(host: host, port: port)
    }

    /// A server by its name.
    public init(server: ServerName, tls: TLSConfiguration? = nil) {
      self.server = server
      self.tls = tls
    }

    /// A server at `host`, a name or a number; with TLS its certificate must be for it.
    public init(host: String, port: UInt16, tls: TLSConfiguration? = nil) {
      self.init(server: .host(host, port: port), tls: tls)
    }

    /// A server in this process; with TLS its certificate must be for `localhost`.
    public init(network: MemoryNetwork, tls: TLSConfiguration? = nil) {
      self.init(server: .addresses([.unix(path: "")]), tls: tls)
      self.network = network
    }
  }
}
