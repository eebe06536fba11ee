public import HTTP2
public import Linux
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
    /// If there is one, the server is the one that listens there, whatever its address.
    public var network: MemoryNetwork?

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
  /// with TLS, the peer is verified and has chosen the protocol. Tries all addresses of a name, as
  /// `DialRace` does; the error is that of the last.
  public static func dial(
    _ target: Target, on loop: EventLoop
  ) async throws(NetError) -> Connection {
    let addresses = try await Resolver.find(host: target.host, port: target.port)
    let result = await withCheckedContinuation { continuation in
      loop.execute {
        DialRace(addresses, target, on: loop) { continuation.resume(returning: $0) }.start()
      }
    }
    return try result.get()
  }
}

extension Resolver {
  /// All addresses of `host`, best first; asks the system on a thread of its own, since it blocks.
  public static func find(host: String, port: UInt16) async throws(NetError) -> [SocketAddress] {
    if let numeric = SocketAddress(host: host, port: port) { return [numeric] }
    let result: Result<[SocketAddress], NetError> = await withCheckedContinuation { continuation in
      do throws(SystemError) {
        _ = try Thread(name: "resolver") { continuation.resume(returning: resolve(host, port)) }
      } catch {
        continuation.resume(returning: .failure(.system(error)))
      }
    }
    return try result.get()
  }

  private static func resolve(
    _ host: String, _ port: UInt16
  ) -> Result<[SocketAddress], NetError> {
    do throws(Resolver.Failure) {
      return .success(try Resolver.addresses(of: host, port: port))
    } catch {
      return .failure(.unresolvable(host: host, reason: error.reason))
    }
  }
}
