public import HTTP2
public import Net
public import OpenSSL
public import RPC

/// A channel to a gRPC server over HTTP/2.
///
/// Dials when the first call is made, keeps one connection, and dials again when that is gone. Any
/// task may make calls; the channel's own work is done on one loop.
public final class RPCChannel: Channel {
  /// Where and how to connect.
  public struct Configuration: Sendable {
    /// The server's name or number; with TLS its certificate must be for it.
    public var host: String
    /// The server's port.
    public var port: UInt16
    /// With it the connection is encrypted and the server verified, without it not.
    public var tls: TLSConfiguration?
    /// What one call may take up.
    public var calls = CallLimits()
    /// What the server may ask of the connection.
    public var http2 = Limits()
    /// How long the server is waited for.
    public var net = NetLimits()

    /// A server at `host`.
    public init(host: String, port: UInt16, tls: TLSConfiguration? = nil) {
      self.host = host
      self.port = port
      self.tls = tls
    }
  }

  private let loop: EventLoop
  private let connection: ClientConnection
  private let limits: CallLimits
  private let scheme: String
  private let authority: String

  /// A channel that has not connected yet.
  ///
  /// Follow with `shutDown` before the loop is shut down.
  public init(_ configuration: Configuration, on loop: EventLoop) {
    self.loop = loop
    limits = configuration.calls
    scheme = configuration.tls == nil ? "http" : "https"
    let isIPv6 = configuration.host.utf8.contains(UInt8(ascii: ":"))
    let host = isIPv6 ? "[\(configuration.host)]" : configuration.host
    authority = "\(host):\(configuration.port)"
    var target = Connection.Target(
      host: configuration.host, port: configuration.port, tls: configuration.tls)
    target.http2 = configuration.http2
    target.limits = configuration.net
    connection = ClientConnection(to: target, on: loop)
  }

  /// Makes a call; the stream is reset when the calling task is cancelled or the deadline passes.
  public func unary(
    _ call: OutgoingCall, message: [UInt8]
  ) async throws(RPCError) -> Response<[UInt8]> {
    let attempt = ClientCall(
      call, headers: try headers(of: call),
      frame: try Framing.frame(message, call.compression), limits: limits, on: loop)
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.execute { [connection] in
          attempt.begin(continuation)
          connection.send(attempt)
        }
      }
    } onCancel: {
      loop.execute { attempt.fail(.cancelled) }
    }
    return try outcome.get()
  }

  /// Begins a call; it ends when the exchange is let go, a task that waits for it is cancelled, or
  /// the deadline passes.
  public func open(_ call: OutgoingCall) async throws(RPCError) -> any ClientExchange {
    let attempt = StreamingClientCall(
      call, headers: try headers(of: call), limits: limits, on: loop)
    loop.execute { [connection] in
      attempt.begin()
      connection.send(attempt)
    }
    return NetworkExchange(attempt)
  }

  private func headers(of call: OutgoingCall) throws(RPCError) -> HeaderBlock {
    var block = HeaderBlock(reserving: 512)
    block.append(":method", "POST")
    block.append(":scheme", scheme)
    block.append(":path", call.path)
    block.append(":authority", authority)
    try call.append(to: &block)
    block.append("user-agent", "grpc-swift-linkd")
    return block
  }

  /// Takes no more calls, lets those under way finish for at most `grace`, and closes.
  public func shutDown(grace: Duration = .zero) async {
    await withCheckedContinuation { continuation in
      loop.execute { [connection] in
        connection.shutDown(grace: grace) { continuation.resume() }
      }
    }
  }
}
