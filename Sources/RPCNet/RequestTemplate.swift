internal import HTTP2
internal import RPC

/// What all requests of a channel have in common.
struct RequestTemplate: Sendable {
  let scheme: String
  let authority: String
  let callProtocol: CallProtocol

  /// What the body of a request is.
  func type(of call: OutgoingCall) -> ContentType { callProtocol.contentType(for: call.kind) }

  /// The header fields of a request.
  func headers(of call: OutgoingCall, previousAttempts: Int) throws(RPCError) -> HeaderBlock {
    var block = HeaderBlock(reserving: 512)
    block.append(":method", "POST")
    block.append(":scheme", scheme)
    block.append(":path", call.path)
    block.append(":authority", authority)
    try call.append(to: &block, as: type(of: call), previousAttempts: previousAttempts)
    block.append("user-agent", "grpc-swift-linkd")
    return block
  }
}
