internal import HTTP2
internal import RPC
internal import TextCoding

/// gRPC: the status stands in the trailers.
struct GRPCForm: ResponseForm {
  static let acceptEncoding = "grpc-accept-encoding"

  func headers(of response: ResponseStart) throws(RPCError) -> HeaderBlock {
    try HeaderBlocks.grpcHeaders(of: response)
  }

  func body(of frame: [UInt8]) -> [UInt8] { frame }

  func success(_ trailing: Metadata?) throws(RPCError) -> ResponseEnd {
    guard let trailing else { return .trailers(HeaderBlocks.success) }
    var block = HeaderBlocks.success
    try trailing.append(to: &block)
    return .trailers(block)
  }

  func failure(_ error: RPCError, trailing: Metadata) -> ResponseEnd {
    var block = HeaderBlock()
    error.append(to: &block, trailing: trailing)
    return .trailers(block)
  }

  /// "Trailers-Only": one block of fields is all there is.
  func failure(
    alone error: RPCError, of type: ContentType, _ additions: ServerContext.Additions?
  ) -> (headers: HeaderBlock, end: ResponseEnd) {
    var block = HeaderBlocks.plain(type)
    try? additions?.initial.append(to: &block)
    error.append(to: &block, trailing: additions?.trailing ?? Metadata())
    return (block, .none)
  }
}

/// gRPC-Web: the status stands in one more frame, as the lines of a header; all of it in base64
/// where the client reads nothing else.
struct GRPCWebForm: ResponseForm {
  static let acceptEncoding = "grpc-accept-encoding"

  let isText: Bool

  func headers(of response: ResponseStart) throws(RPCError) -> HeaderBlock {
    try HeaderBlocks.grpcHeaders(of: response)
  }

  func body(of frame: [UInt8]) -> [UInt8] { isText ? Base64.encode(frame) : frame }

  func success(_ trailing: Metadata?) throws(RPCError) -> ResponseEnd {
    var lines = FieldLines()
    lines.append(name: "grpc-status".utf8, value: "0".utf8, isSensitive: false)
    try trailing?.append(to: &lines)
    return end(lines)
  }

  func failure(_ error: RPCError, trailing: Metadata) -> ResponseEnd {
    var lines = FieldLines()
    error.append(to: &lines, trailing: trailing)
    return end(lines)
  }

  /// Not in the header fields, as it could be: a page sees all of the body, and of the fields only
  /// those that it was granted.
  func failure(
    alone error: RPCError, of type: ContentType, _ additions: ServerContext.Additions?
  ) -> (headers: HeaderBlock, end: ResponseEnd) {
    var block = HeaderBlocks.plain(type)
    try? additions?.initial.append(to: &block)
    return (block, failure(error, trailing: additions?.trailing ?? Metadata()))
  }

  private func end(_ lines: FieldLines) -> ResponseEnd {
    .data(body(of: Framing.end(lines.bytes, flag: WireProtocol.grpcWeb.endFlag)))
  }
}

// "Key-value pairs encoded as a HTTP/1 headers block (without the terminating newline)."
private struct FieldLines: FieldSink {
  private(set) var bytes: [UInt8] = []

  mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>, isSensitive: Bool
  ) {
    bytes += name
    bytes += ": ".utf8
    bytes += value
    bytes += "\r\n".utf8
  }
}
