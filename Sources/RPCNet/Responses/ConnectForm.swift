internal import HTTP2
internal import RPC

/// A unary call of Connect: the body is the message, or the error as JSON with the HTTP status that
/// fits it.
struct ConnectUnaryForm: ResponseForm {
  static let acceptEncoding = "accept-encoding"
  private static let trailerPrefix = "trailer-"

  func headers(of response: ResponseStart) throws(RPCError) -> HeaderBlock {
    var block = HeaderBlocks.plain(response.head.contentType)
    // A short message is not compressed although others would be.
    if response.message?.first == 1 {
      block.append("content-encoding", response.compression.name)
    }
    if response.head.message != nil { block.append("vary", "accept-encoding") }
    try response.additions?.initial.append(to: &block)
    try response.additions?.trailing.append(to: &block, prefix: Self.trailerPrefix)
    return block
  }

  func body(of frame: [UInt8]) -> [UInt8] { Array(frame.dropFirst(Framing.prefixLength)) }

  func success(_ trailing: Metadata?) throws(RPCError) -> ResponseEnd { .data([]) }

  /// Does not happen: the response is sent once all of it is known.
  func failure(_ error: RPCError, trailing: Metadata) -> ResponseEnd { .data([]) }

  func failure(
    alone error: RPCError, of type: ContentType, _ additions: ServerContext.Additions?
  ) -> (headers: HeaderBlock, end: ResponseEnd) {
    var block = HeaderBlock([
      ":status": String(error.code.httpStatus), "content-type": ContentType.json.name,
    ])
    try? additions?.initial.append(to: &block)
    try? error.metadata.append(to: &block, prefix: Self.trailerPrefix)
    try? additions?.trailing.append(to: &block, prefix: Self.trailerPrefix)
    return (block, .data(error.connectJSON))
  }
}

/// Every other call of Connect: messages in frames, and one more that says how it ended.
struct ConnectStreamingForm: ResponseForm {
  static let acceptEncoding = "connect-accept-encoding"

  func headers(of response: ResponseStart) throws(RPCError) -> HeaderBlock {
    var block = HeaderBlocks.plain(response.head.contentType)
    if response.compression != .identity {
      block.append("connect-content-encoding", response.compression.name)
    }
    try response.additions?.initial.append(to: &block)
    return block
  }

  func body(of frame: [UInt8]) -> [UInt8] { frame }

  func success(_ trailing: Metadata?) throws(RPCError) -> ResponseEnd {
    end(try ConnectEnd.success(trailing: trailing))
  }

  func failure(_ error: RPCError, trailing: Metadata) -> ResponseEnd {
    end(error.connectEnd(trailing: trailing))
  }

  func failure(
    alone error: RPCError, of type: ContentType, _ additions: ServerContext.Additions?
  ) -> (headers: HeaderBlock, end: ResponseEnd) {
    var block = HeaderBlocks.plain(type)
    try? additions?.initial.append(to: &block)
    return (block, failure(error, trailing: additions?.trailing ?? Metadata()))
  }

  private func end(_ json: [UInt8]) -> ResponseEnd {
    .data(Framing.end(json, flag: WireProtocol.connectStreaming.endFlag))
  }
}
