/// A channel straight into the services of this process, for tests and for programs that are their
/// own client.
///
/// Everything that a network would carry is encoded and decoded as it would be there: header
/// fields, frames, compression, limits, status. What is missing is only HTTP/2 itself.
public struct InProcessChannel: Channel {
  private let methods: MethodTable
  private let limits: CallLimits

  /// A channel to these services.
  public init(
    _ services: [any Service], interceptors: [any ServerInterceptor] = [],
    limits: CallLimits = CallLimits()
  ) {
    methods = MethodTable(Router(services), interceptors: interceptors)
    self.limits = limits
  }

  /// Carries one message each way, as a stream of one.
  public func unary(
    _ call: OutgoingCall, message: [UInt8]
  ) async throws(RPCError) -> Response<[UInt8]> {
    let exchange = try await open(call)
    try await exchange.sendOnly(try Framing.frame(message))
    guard let response = try await exchange.receive(), try await exchange.receive() == nil else {
      throw MessageReader.wrongCount
    }
    return Response(
      message: response.bytes, metadata: try await exchange.metadata,
      trailingMetadata: exchange.trailingMetadata, wasCompressed: response.wasCompressed)
  }

  /// Starts the handler in a task of its own.
  public func open(_ call: OutgoingCall) async throws(RPCError) -> any ClientExchange {
    let (head, metadata) = try receivedHead(call)
    let context = ServerContext(
      path: head.method.path, peer: .inProcess, metadata: metadata,
      deadline: head.timeout.map { ContinuousClock.now.advanced(by: $0) })
    let server = InProcessCall(head, context, limits: limits)
    let handler = Task { await server.run() }
    return InProcessExchange(server, compression: call.compression, handler: handler)
  }

  private func receivedHead(
    _ call: OutgoingCall
  ) throws(RPCError) -> (RequestHead, Metadata) {
    var sink = RequestSink(fields: RequestFields(for: methods))
    sink.append(":method", "POST")
    sink.append(":path", call.path)
    try call.append(to: &sink)
    do { return (try sink.fields.finish(), sink.metadata) } catch { throw error.error }
  }
}

/// Reads what is written into it as the server would.
private struct RequestSink: FieldSink {
  var fields: RequestFields
  var metadata = Metadata()

  mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>, isSensitive: Bool
  ) {
    let (name, value) = (Array(name), Array(value))
    fields.add(name: name.span, value: value.span)
    metadata.append(wireName: name.span, value: value.span)
  }
}

/// The client's end of a call within the process; letting go of it cancels the call.
private final class InProcessExchange: ClientExchange {
  private let server: InProcessCall
  private let compression: Compression
  private let handler: Task<Void, Never>

  init(_ server: InProcessCall, compression: Compression, handler: Task<Void, Never>) {
    self.server = server
    self.compression = compression
    self.handler = handler
  }

  deinit { cancel() }

  var metadata: Metadata {
    get async throws(RPCError) { try await server.metadata.value }
  }
  var trailingMetadata: Metadata { server.trailingMetadata }

  func receive() async throws(RPCError) -> ReceivedMessage? {
    do { return try await server.responses.receive() } catch {
      if Task.isCancelled { cancel() }
      throw error
    }
  }

  func send(_ frame: [UInt8], compressed: Bool) async throws(RPCError) {
    let frame = compressed ? try Framing.compress(frame, compression, always: true) : frame
    try await server.requests.waitForRoom()
    try server.received(frame)
  }

  func finishSending() { server.requestEnded() }

  func cancel() {
    server.finish(.failure(.cancelled))
    handler.cancel()
  }
}
