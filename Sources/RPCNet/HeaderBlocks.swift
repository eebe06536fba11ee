package import HTTP2
package import RPC

extension HeaderBlock: FieldSink {}

extension HeaderBlock: MetadataSource {
  package var metadata: Metadata {
    var metadata = Metadata()
    forEachField { metadata.append(wireName: $0, value: $1) }
    return metadata
  }
}

/// The blocks that all calls send, made once.
enum HeaderBlocks {
  /// The trailers of a call that succeeded and has nothing to add.
  static let success = HeaderBlock(["grpc-status": "0"])

  private static let plainHeaders = headers(.grpc)
  private static let protoHeaders = headers(.grpcProto)

  private static func headers(_ contentType: ContentType) -> HeaderBlock {
    HeaderBlock([":status": "200", "content-type": contentType.name])
  }

  /// The headers of a response.
  static func response(
    to head: RequestHead, _ compression: Compression, metadata: Metadata?
  ) throws(RPCError) -> HeaderBlock {
    if metadata == nil, compression == .identity {
      switch head.contentType {
      case .grpc: return plainHeaders
      case .grpcProto: return protoHeaders
      }
    }
    var block = HeaderBlock([":status": "200"])
    try head.append(to: &block, compression: compression, metadata: metadata ?? Metadata())
    return block
  }

  /// What follows the messages of a call that succeeded.
  static func trailers(_ metadata: Metadata?) throws(RPCError) -> HeaderBlock {
    guard let metadata else { return success }
    var block = success
    try metadata.append(to: &block)
    return block
  }

  /// A response that is an error and nothing else ("Trailers-Only").
  static func failure(
    _ error: RPCError, _ contentType: ContentType, trailing: Metadata
  ) -> HeaderBlock {
    var block = headers(contentType)
    error.append(to: &block, trailing: trailing)
    return block
  }

  /// What follows the messages of a call that failed after some.
  static func failureTrailers(_ error: RPCError, trailing: Metadata) -> HeaderBlock {
    var block = HeaderBlock()
    error.append(to: &block, trailing: trailing)
    return block
  }

  /// The answer to a request that is not served at all.
  static func refusal(_ refusal: RPC.Refusal) -> HeaderBlock {
    var block: HeaderBlock =
      switch refusal.httpStatus {
      case 405: HeaderBlock([":status": "405", "allow": "POST", "content-type": "text/plain"])
      case 415: HeaderBlock([":status": "415", "content-type": "text/plain"])
      default: headers(.grpc)
      }
    refusal.append(to: &block)
    return block
  }
}
