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

  /// Runs the handler in the caller's task.
  public func unary(
    _ call: OutgoingCall, message: [UInt8]
  ) async throws(RPCError) -> Response<[UInt8]> {
    let (head, metadata) = try receivedHead(call)
    let frame = try Framing.frame(message, call.compression)
    let message = try onlyMessage(
      in: frame, MessageReader(head.compression, expectsOne: true, limits: limits))
    let context = ServerContext(
      path: head.method.path, peer: .inProcess, metadata: metadata,
      deadline: head.timeout.map { ContinuousClock.now.advanced(by: $0) })
    switch await head.method.answer(message, context) {
    case .success(let frame): return try received(frame, head, context)
    case .failure(let error):
      var trailers = ResponseSink()
      error.append(to: &trailers, trailing: context.trailingMetadata)
      throw trailers.fields.outcome.flatMap(\.self) ?? ResponseReader.noStatus
    }
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

  private func received(
    _ frame: [UInt8], _ head: RequestHead, _ context: ServerContext
  ) throws(RPCError) -> Response<[UInt8]> {
    let frame = try Framing.compress(frame, head.responseCompression)
    let headers = try receivedFields { (sink: inout ResponseSink) throws(RPCError) in
      sink.append(":status", "200")
      try head.append(to: &sink, metadata: context.responseMetadata)
    }
    let trailers = try receivedFields { (sink: inout ResponseSink) throws(RPCError) in
      sink.append("grpc-status", "0")
      try context.trailingMetadata.append(to: &sink)
    }
    var reader = ResponseReader(head.method.kind, limits: limits)
    _ = try reader.receivedHeaders(headers, endStream: false)
    var bytes = frame.span
    guard let message = try reader.next(from: &bytes) else { throw ResponseReader.noStatus }
    return Response(
      message: message, metadata: reader.metadata,
      trailingMetadata: try reader.receivedTrailers(trailers))
  }

  private func onlyMessage(
    in frame: [UInt8], _ reader: MessageReader
  ) throws(RPCError) -> [UInt8] {
    var reader = reader
    var bytes = frame.span
    let message = try reader.next(from: &bytes)
    try reader.finish()
    return message ?? []
  }
}

extension RegisteredMethod {
  /// Runs the handler until it is done or the deadline of `context` has passed.
  fileprivate func answer(
    _ message: [UInt8], _ context: ServerContext
  ) async -> Result<[UInt8], RPCError> {
    guard let deadline = context.deadline else { return await run(message, context) }
    return await withTaskGroup(of: Result<[UInt8], RPCError>.self) { group in
      group.addTask { await self.run(message, context) }
      group.addTask {
        try? await Task.sleep(until: deadline, clock: .continuous)
        return .failure(.deadlineExceeded)
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failure(.deadlineExceeded)
    }
  }

  private func run(
    _ message: [UInt8], _ context: ServerContext
  ) async -> Result<[UInt8], RPCError> {
    switch handler {
    case .unary(let handler):
      do { return .success(try await handler(message, context)) } catch {
        return .failure(.wrapping(error))
      }
    }
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

/// Reads what is written into it as the client would.
private struct ResponseSink: FieldSink {
  var fields = ResponseFields()

  mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>, isSensitive: Bool
  ) {
    fields.add(name: Array(name).span, value: Array(value).span)
  }
}

private func receivedFields(
  _ write: (inout ResponseSink) throws(RPCError) -> Void
) throws(RPCError) -> ResponseFields {
  var sink = ResponseSink()
  try write(&sink)
  return sink.fields
}
