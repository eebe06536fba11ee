/// What a `content-type` of gRPC says about the form of the messages.
package enum ContentType: Sendable {
  /// `application/grpc`: protobuf, since nothing else is said.
  case grpc
  /// `application/grpc+proto`.
  case grpcProto

  /// The type that is served, or nil for everything else: other formats, `application/grpc-web`,
  /// types that only begin alike.
  package init?(_ value: Span<UInt8>) {
    let end = value.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: " ") }
    let type = value.extracting(first: end ?? value.count)
    // Types compare without regard to case (RFC 9110, 8.3.1).
    if type.equalsIgnoringCase("application/grpc") {
      self = .grpc
    } else if type.equalsIgnoringCase("application/grpc+proto") {
      self = .grpcProto
    } else {
      return nil
    }
  }

  /// The answer to a request of this type has it too.
  package var name: String {
    switch self {
    case .grpc: "application/grpc"
    case .grpcProto: "application/grpc+proto"
    }
  }
}
