package import RPC
package import TestAPI

/// The server's side of gRPC's interoperability tests, as their description wants it.
package struct TestServer: TestServiceProtocol {
  /// A server that keeps nothing from call to call.
  package init() {}

  package func emptyCall(_ request: Empty, context: ServerContext) async throws -> Empty { request }

  package func unaryCall(
    _ request: SimpleRequest, context: ServerContext
  ) async throws -> SimpleResponse {
    try check(request.expectCompressed, context.receivedCompressedRequest)
    echoMetadata(context)
    if let status = request.responseStatus { throw RPCError(status) }
    context.compressesResponses = request.responseCompressed?.value
    var response = SimpleResponse()
    response.payload = try Payload(size: request.responseSize)
    return response
  }

  package func streamingOutputCall(
    _ request: StreamingOutputCallRequest,
    responses: ResponseWriter<StreamingOutputCallResponse>, context: ServerContext
  ) async throws {
    try await answer(request, responses, context)
  }

  package func streamingInputCall(
    _ requests: RequestStream<StreamingInputCallRequest>, context: ServerContext
  ) async throws -> StreamingInputCallResponse {
    var response = StreamingInputCallResponse()
    var iterator = requests.makeAsyncIterator()
    while let request = try await iterator.next() {
      try check(request.expectCompressed, iterator.lastWasCompressed)
      response.aggregatedPayloadSize &+= Int32(clamping: request.payload?.body.count ?? 0)
    }
    return response
  }

  package func fullDuplexCall(
    _ requests: RequestStream<StreamingOutputCallRequest>,
    responses: ResponseWriter<StreamingOutputCallResponse>, context: ServerContext
  ) async throws {
    echoMetadata(context)
    for try await request in requests { try await answer(request, responses, context) }
  }

  package func halfDuplexCall(
    _ requests: RequestStream<StreamingOutputCallRequest>,
    responses: ResponseWriter<StreamingOutputCallResponse>, context: ServerContext
  ) async throws {
    var all: [StreamingOutputCallRequest] = []
    for try await request in requests {
      guard all.count < 1000 else { throw RPCError(.resourceExhausted, "too many requests") }
      all.append(request)
    }
    for request in all { try await answer(request, responses, context) }
  }

  package func unimplementedMethod(_ request: Empty, context: ServerContext) async throws -> Empty {
    throw RPCError(.unimplemented, "no server implements this method")
  }
}

extension TestServer {
  private func answer(
    _ request: StreamingOutputCallRequest,
    _ responses: ResponseWriter<StreamingOutputCallResponse>, _ context: ServerContext
  ) async throws {
    if let status = request.responseStatus { throw RPCError(status) }
    if request.responseParameters.contains(where: { $0.compressed?.value == true }) {
      context.compressesResponses = true
    }
    for parameters in request.responseParameters {
      if parameters.intervalUs > 0 {
        try await Task.sleep(for: .microseconds(Int64(parameters.intervalUs)))
      }
      var response = StreamingOutputCallResponse()
      response.payload = try Payload(size: parameters.size)
      try await responses.write(response, compressed: parameters.compressed?.value ?? true)
    }
  }

  private func echoMetadata(_ context: ServerContext) {
    let metadata = context.metadata
    context.responseMetadata[MetadataNames.initial] = metadata[MetadataNames.initial]
    context.trailingMetadata[binary: MetadataNames.trailing] =
      metadata[binary: MetadataNames.trailing]
  }

  private func check(_ expected: BoolValue?, _ wasCompressed: Bool) throws(RPCError) {
    guard let expected, expected.value != wasCompressed else { return }
    throw RPCError(.invalidArgument, "the request was \(wasCompressed ? "" : "not ")compressed")
  }
}

/// The metadata that servers echo.
enum MetadataNames {
  static let initial = "x-grpc-test-echo-initial"
  static let trailing = "x-grpc-test-echo-trailing-bin"
}

extension Payload {
  /// Zeros; a size that no message can have is the client's mistake.
  init(size: Int32) throws(RPCError) {
    guard (0...Int32(64 << 20)).contains(size) else {
      throw RPCError(.invalidArgument, "a payload cannot have \(size) bytes")
    }
    self.init()
    body = [UInt8](repeating: 0, count: Int(size))
  }
}

extension RPCError {
  init(_ status: EchoStatus) {
    self.init(StatusCode(rawValue: Int(status.code)) ?? .unknown, status.message)
  }
}
