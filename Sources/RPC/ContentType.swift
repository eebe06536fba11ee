/// In which form the messages of a call are written.
package enum MessageFormat: Sendable {
  /// The binary encoding.
  case proto
  /// The JSON mapping.
  case json
}

/// How a call is put into HTTP.
///
/// All carry the same calls of the same methods. They differ in how messages are told apart, where
/// the status stands and what the header fields are called.
package enum WireProtocol: Sendable {
  /// Messages in frames, the status in the trailers.
  case grpc
  /// Messages in frames, the status in one more frame: browsers do not see trailers.
  case grpcWeb
  /// The same, all of it in base64.
  case grpcWebText
  /// The body is the message, the HTTP status the status: what curl sends.
  case connectUnary
  /// Messages in frames, the status as JSON in one more frame.
  case connectStreaming

  /// The flag of the frame that ends a response; zero where none does.
  package var endFlag: UInt8 {
    switch self {
    case .grpc, .connectUnary: 0
    // "8th (MSB) bit of the 1st gRPC frame byte: trailers."
    case .grpcWeb, .grpcWebText: 0x80
    case .connectStreaming: 2
    }
  }

  /// Whether the protocol is one of Connect's, whose errors are JSON.
  package var isConnect: Bool { self == .connectUnary || self == .connectStreaming }
}

/// What the `content-type` of a request says: protocol and form of the messages.
package enum ContentType: UInt8, Sendable, CaseIterable {
  case grpc, grpcProto, grpcJSON
  case grpcWeb, grpcWebProto, grpcWebJSON
  case grpcWebText, grpcWebTextProto
  case proto, json
  case connectProto, connectJSON

  private static let known = allCases.map { (name: $0.name, type: $0) }

  /// The type that is served, or nil for everything else: other forms, types that only begin alike.
  package init?(_ value: Span<UInt8>) {
    // What nearly all clients write.
    if value.equals(Self.grpc.name) {
      self = .grpc
      return
    }
    let end = value.firstIndex { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: " ") }
    let type = value.extracting(first: end ?? value.count)
    // Types compare without regard to case (RFC 9110, 8.3.1).
    guard let known = Self.known.first(where: { type.equalsIgnoringCase($0.name) }) else {
      return nil
    }
    self = known.type
  }

  /// The type of a unary Connect call whose messages have the form of this name.
  package init?(formatName name: Span<UInt8>) {
    if name.equals("proto") {
      self = .proto
    } else if name.equals("json") {
      self = .json
    } else {
      return nil
    }
  }

  /// The answer to a request of this type has it, too.
  package var name: String {
    switch self {
    case .grpc: "application/grpc"
    case .grpcProto: "application/grpc+proto"
    case .grpcJSON: "application/grpc+json"
    case .grpcWeb: "application/grpc-web"
    case .grpcWebProto: "application/grpc-web+proto"
    case .grpcWebJSON: "application/grpc-web+json"
    case .grpcWebText: "application/grpc-web-text"
    case .grpcWebTextProto: "application/grpc-web-text+proto"
    case .proto: "application/proto"
    case .json: "application/json"
    case .connectProto: "application/connect+proto"
    case .connectJSON: "application/connect+json"
    }
  }

  /// How the call is put into HTTP.
  package var wire: WireProtocol {
    switch self {
    case .grpc, .grpcProto, .grpcJSON: .grpc
    case .grpcWeb, .grpcWebProto, .grpcWebJSON: .grpcWeb
    case .grpcWebText, .grpcWebTextProto: .grpcWebText
    case .proto, .json: .connectUnary
    case .connectProto, .connectJSON: .connectStreaming
    }
  }

  /// In which form the messages are.
  package var format: MessageFormat {
    switch self {
    case .grpcJSON, .grpcWebJSON, .json, .connectJSON: .json
    default: .proto
    }
  }

  /// Whether calls of a method can be of this type: Connect has one for unary calls and one for
  /// all others.
  package func fits(_ kind: MethodKind) -> Bool {
    switch wire {
    case .connectUnary: kind == .unary
    case .connectStreaming: kind != .unary
    case .grpc, .grpcWeb, .grpcWebText: true
    }
  }

  /// What `accept-post` says of a method, or of a server as a whole.
  package static func accepted(by kind: MethodKind?) -> String {
    allCases.filter { type in kind.map(type.fits) ?? true }.map(\.name).joined(separator: ", ")
  }
}

/// The protocol in which a channel speaks to its server.
public enum CallProtocol: Sendable, Hashable, CaseIterable {
  /// gRPC over HTTP/2.
  case grpc
  /// gRPC-Web, as pages in browsers speak it.
  case grpcWeb
  /// Connect.
  case connect

  /// The type of calls of a kind, with messages in the binary encoding.
  package func contentType(for kind: MethodKind) -> ContentType {
    switch self {
    case .grpc: .grpc
    case .grpcWeb: .grpcWebProto
    case .connect: kind == .unary ? .proto : .connectProto
    }
  }
}
