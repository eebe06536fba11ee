public import Protobuf

/// The requests of a call, in order, as its handler reads them.
///
/// A request that is not read holds back the client of this call, and nobody else. Reading throws
/// when the call is over before its requests are: the handler need only let the error through.
/// Can be gone through once.
public struct RequestStream<Request: Message>: AsyncSequence, Sendable {
  private let exchange: any MessageExchange
  private let context: ServerContext

  init(_ exchange: any MessageExchange, _ context: ServerContext) {
    self.exchange = exchange
    self.context = context
  }

  /// Reads on where the last iterator stopped.
  public func makeAsyncIterator() -> MessageIterator<Request> {
    MessageIterator(exchange, context)
  }
}

/// The responses of a call, in order, as its caller reads them.
///
/// A response that is not read holds back the server's side of this call, and nobody else. The end
/// of the sequence is the success of the call; its failure is thrown. Can be gone through once. A
/// call whose stream is dropped, or whose reading task is cancelled, is cancelled.
public struct ResponseStream<Response: Message>: AsyncSequence, Sendable {
  private let exchange: any ClientExchange

  init(_ exchange: any ClientExchange) { self.exchange = exchange }

  /// What came before the first response.
  public var metadata: Metadata {
    get async throws(RPCError) { try await exchange.metadata }
  }

  /// What came after the last response; empty until the sequence has ended.
  public var trailingMetadata: Metadata { exchange.trailingMetadata }

  /// Ends the call, if it has not ended yet: reading on fails with CANCELLED.
  public func cancel() { exchange.cancel() }

  /// Reads on where the last iterator stopped.
  public func makeAsyncIterator() -> MessageIterator<Response> { MessageIterator(exchange, nil) }
}

/// Reads messages one after the other.
public struct MessageIterator<Element: Message>: AsyncIteratorProtocol {
  private let exchange: any MessageExchange
  private let context: ServerContext?
  /// Whether the message that was read last came compressed.
  public private(set) var lastWasCompressed = false

  init(_ exchange: any MessageExchange, _ context: ServerContext?) {
    self.exchange = exchange
    self.context = context
  }

  /// Waits for the next message; nil after the last one.
  public mutating func next() async throws(RPCError) -> Element? {
    guard let message = try await exchange.receive() else { return nil }
    lastWasCompressed = message.wasCompressed
    guard let context else { return try ContentType.grpc.decode(message.bytes) }
    if message.wasCompressed { context.noteCompressedRequest() }
    return try context.contentType.decode(message.bytes)
  }

  /// Waits for the next message; nil after the last one.
  public mutating func next(
    isolation actor: isolated (any Actor)?
  ) async throws(RPCError) -> Element? {
    try await next()
  }
}
