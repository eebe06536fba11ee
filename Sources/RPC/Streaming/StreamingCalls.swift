public import Protobuf

/// A call under way that sends many requests and gets one response.
///
/// A call that is dropped before its response has come is cancelled.
public struct ClientStreamingCall<Request: Message, Reply: Message>: Sendable {
  /// Where the requests go.
  public let requests: RequestWriter<Request>
  private let responses: ResponseStream<Reply>

  init(_ exchange: any ClientExchange) {
    requests = RequestWriter(exchange)
    responses = ResponseStream(exchange)
  }

  /// Ends the requests and waits for the response.
  public func response() async throws(RPCError) -> Response<Reply> {
    requests.finish()
    var iterator = responses.makeAsyncIterator()
    guard let message = try await iterator.next() else { throw MessageReader.wrongCount }
    // The status comes after the message.
    guard try await iterator.next() == nil else { throw MessageReader.wrongCount }
    return Response(
      message: message, metadata: try await responses.metadata,
      trailingMetadata: responses.trailingMetadata)
  }

  /// Ends the call, if it has not ended yet: waiting for it fails with CANCELLED.
  public func cancel() { responses.cancel() }
}

/// A call under way whose requests and responses follow each other as the method defines.
///
/// A call that is dropped before its responses have ended is cancelled.
public struct BidirectionalCall<Request: Message, Response: Message>: Sendable {
  /// Where the requests go.
  public let requests: RequestWriter<Request>
  /// What comes back.
  public let responses: ResponseStream<Response>

  init(_ exchange: any ClientExchange) {
    requests = RequestWriter(exchange)
    responses = ResponseStream(exchange)
  }

  /// Ends the call, if it has not ended yet: waiting for it fails with CANCELLED.
  public func cancel() { responses.cancel() }
}

extension Channel {
  /// Makes a call with one request and a stream of responses.
  public func serverStreaming<Req, Res>(
    _ method: MethodDescriptor<Req, Res>, _ request: Req, _ options: CallOptions
  ) async throws(RPCError) -> ResponseStream<Res> {
    let frame = try Framing.frame(encoding: request)
    let exchange = try await open(OutgoingCall(method, options))
    try await exchange.sendOnly(frame)
    return ResponseStream(exchange)
  }

  /// Begins a call with a stream of requests and one response.
  public func clientStreaming<Req, Res>(
    _ method: MethodDescriptor<Req, Res>, _ options: CallOptions
  ) async throws(RPCError) -> ClientStreamingCall<Req, Res> {
    ClientStreamingCall(try await open(OutgoingCall(method, options)))
  }

  /// Begins a call with streams both ways.
  public func bidirectional<Req, Res>(
    _ method: MethodDescriptor<Req, Res>, _ options: CallOptions
  ) async throws(RPCError) -> BidirectionalCall<Req, Res> {
    BidirectionalCall(try await open(OutgoingCall(method, options)))
  }
}
