/// What a request asks for, as far as its first line would say in HTTP/1.1, and in which form.
package struct RequestTarget: Sendable {
  /// The HTTP method.
  package enum Verb: Sendable {
    case post, get, head, options, other

    init(_ name: Span<UInt8>) {
      if name.equals("POST") {
        self = .post
      } else if name.equals("GET") {
        self = .get
      } else if name.equals("HEAD") {
        self = .head
      } else {
        self = name.equals("OPTIONS") ? .options : .other
      }
    }
  }

  /// The HTTP method.
  package internal(set) var verb = Verb.other
  /// The method that is called, if the path is that of one.
  package internal(set) var method: RegisteredMethod?
  /// The method that is called, if there is one before a question mark, and what follows that.
  package internal(set) var queried: (method: RegisteredMethod, query: [UInt8])?
  /// The form that the client gives and takes, if it is one of ours.
  package internal(set) var contentType: ContentType?

  /// Whether the request cannot come from a web page: no browser speaks gRPC itself.
  package var isNativeGRPC: Bool { contentType?.wire == .grpc }

  /// Whether gRPC has the say: what is neither its nor anybody's is answered its way, too.
  package var isGRPC: Bool {
    guard let contentType else { return verb != .get }
    return !contentType.wire.isConnect
  }
}
