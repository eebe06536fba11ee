package import HTTP2
package import RPC

extension HeaderBlock: FieldSink {}

extension HeaderBlock: MetadataSource {
  package var metadata: Metadata {
    var metadata = Metadata()
    forEachField { metadata.append(wireName: $0, value: $1) }
    return metadata
  }

  package func values(named name: String) -> [String] {
    var values: [String] = []
    forEachField { if $0.equals(name) { values.append(String(repairing: $1)) } }
    return values
  }

  package func forEachValue(named name: String, _ body: (Span<UInt8>) -> Void) {
    forEachField { if $0.equals(name) { body($1) } }
  }
}

/// The blocks that all calls send, made once.
enum HeaderBlocks {
  /// The trailers of a call that succeeded and has nothing to add.
  static let success = HeaderBlock(["grpc-status": "0"])

  private static let plain = ContentType.allCases.map { type in
    HeaderBlock([":status": "200", "content-type": type.name])
  }

  /// The headers of a response that has nothing to add.
  static func plain(_ type: ContentType) -> HeaderBlock { plain[Int(type.rawValue)] }

  /// The headers of a response in gRPC and gRPC-Web.
  static func grpcHeaders(of response: ResponseStart) throws(RPCError) -> HeaderBlock {
    var block = plain(response.head.contentType)
    if response.compression != .identity {
      block.append("grpc-encoding", response.compression.name)
    }
    try response.additions?.initial.append(to: &block)
    return block
  }
}
