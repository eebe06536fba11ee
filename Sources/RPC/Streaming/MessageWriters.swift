public import Protobuf

/// Sends the responses of a call, as its handler has them.
public struct ResponseWriter<Response: Message>: Sendable {
  private let exchange: any MessageExchange
  private let contentType: ContentType

  init(_ exchange: any MessageExchange, _ context: ServerContext) {
    self.exchange = exchange
    contentType = context.contentType
  }

  /// Sends a response, after waiting until the client has room for it.
  ///
  /// Throws when the call is over: the handler need only let the error through.
  ///
  /// - Parameter compressed: whether this message is compressed where the call's messages are.
  public func write(_ response: Response, compressed: Bool = true) async throws(RPCError) {
    try await exchange.send(try contentType.frame(encoding: response), compressed: compressed)
  }
}

/// Sends the requests of a call.
public struct RequestWriter<Request: Message>: Sendable {
  private let exchange: any ClientExchange

  init(_ exchange: any ClientExchange) { self.exchange = exchange }

  /// Sends a request, after waiting until the server has room for it.
  ///
  /// Throws when the call is over. Why it is, the response says.
  ///
  /// - Parameter compressed: whether this message is compressed where the call's messages are.
  public func write(_ request: Request, compressed: Bool = true) async throws(RPCError) {
    try await exchange.send(try Framing.frame(encoding: request), compressed: compressed)
  }

  /// No requests follow.
  ///
  /// Does nothing if it was called before.
  public func finish() { exchange.finishSending() }
}

extension Framing {
  /// A message in its frame, encoded behind its prefix so that it moves only once.
  static func frame(encoding message: some Message) throws(RPCError) -> [UInt8] {
    var frame = beginning()
    do { try message.serialize(appendingTo: &frame) } catch {
      throw RPCError(.internal, "a message cannot be encoded", cause: error)
    }
    try seal(&frame, compressed: false)
    return frame
  }
}
