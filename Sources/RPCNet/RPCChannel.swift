public import Net
public import RPC

/// A channel to a server of gRPC, gRPC-Web or Connect over HTTP/2.
///
/// Connects when the first call is made, and again when a connection is gone. Calls that a server has
/// certainly not seen are made again by themselves, those that may be repeated as `RetryRules` say.
/// Any task may make calls; the channel's own work is done on one loop.
public final class RPCChannel: Channel {
  private let loop: EventLoop
  private let pool: ConnectionPool
  private let limits: CallLimits
  private let retries: RetryRules
  private let template: RequestTemplate

  /// A channel that has not connected yet.
  ///
  /// Follow with `shutDown` before the loop is shut down.
  public init(_ configuration: Configuration, on loop: EventLoop) {
    self.loop = loop
    limits = configuration.calls
    retries = configuration.retries
    template = RequestTemplate(
      scheme: configuration.tls == nil ? "http" : "https",
      authority: configuration.authority ?? configuration.server.authority,
      callProtocol: configuration.callProtocol)
    pool = ConnectionPool(configuration, on: loop)
  }

  /// Makes a call; the stream is reset when the calling task is cancelled or the deadline passes.
  public func unary(
    _ call: OutgoingCall, message: [UInt8]
  ) async throws(RPCError) -> Response<[UInt8]> {
    let response = UnaryResponse()
    let made = self.call(call, into: response)
    let wire = template.type(of: call).wire
    made.write(all: wire.body(of: try Framing.frame(message, call.compression)))
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.execute {
          response.wait(continuation)
          made.begin()
        }
      }
    } onCancel: {
      loop.execute { made.fail(.cancelled) }
    }
    return try outcome.get()
  }

  /// Begins a call; it ends when the exchange is let go, a task that waits for it is cancelled, or
  /// the deadline passes.
  public func open(_ call: OutgoingCall) async throws(RPCError) -> any ClientExchange {
    let response = StreamingResponse()
    let made = self.call(call, into: response)
    loop.execute { made.begin() }
    return NetworkExchange(made, response, on: loop)
  }

  private func call(_ call: OutgoingCall, into sink: any ResponseSink) -> ClientCall {
    ClientCall(call, from: template, limits: limits, retries: retries, through: pool, into: sink)
  }

  /// How the channel stands with its server, now and at every change, until it is shut down.
  public var connectivity: AsyncStream<Connectivity> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Connectivity.self,
      bufferingPolicy: .bufferingNewest(ConnectivityWatchers.unseenStates))
    loop.execute { [pool] in pool.watch(continuation) }
    return stream
  }

  /// Connects without waiting for a call.
  public func connect() { loop.execute { [pool] in pool.connect() } }

  /// Takes no more calls, lets those under way finish for at most `grace`, and closes.
  public func shutDown(grace: Duration = .zero) async {
    await withCheckedContinuation { continuation in
      loop.execute { [pool] in
        pool.shutDown(grace: grace) { continuation.resume() }
      }
    }
  }
}
