/// A request that is answered without anyone looking at its messages.
package struct Refusal: Error {
  /// How the client is told.
  package enum Form: Sendable {
    /// As an error of a call of this type.
    case call(ContentType)
    /// By HTTP alone, whose status says it: whoever asks may not even know what a call is.
    case http(status: Int, advice: Advice?, body: Body)
  }

  /// The header field that says what would do.
  package enum Advice: Sendable {
    /// `allow`: these HTTP methods.
    case allow(String)
    /// `accept-post`: these types.
    case acceptPost(String)
  }

  /// What follows the header fields.
  package enum Body: Sendable {
    /// A few words, for a person who reads them.
    case words
    /// The error as Connect writes it.
    case connect
    /// Nothing: a HEAD asks for no more.
    case none
  }

  /// What the client learns.
  package let error: RPCError
  /// How it is told.
  package let form: Form
  /// Whether the answer says in which ways messages may be compressed.
  package let namesEncodings: Bool
  /// Whether `grpc-status` stands in an answer of HTTP's, too.
  package let hasStatus: Bool

  /// An error of a call of this type.
  package init(_ error: RPCError, for type: ContentType, namesEncodings: Bool = false) {
    self.error = error
    form = .call(type)
    self.namesEncodings = namesEncodings
    hasStatus = true
  }

  private init(_ error: RPCError, _ httpStatus: Int, _ advice: Advice?, _ target: RequestTarget) {
    self.error = error
    let isConnect = target.contentType?.wire.isConnect ?? false
    let body: Body = isConnect && advice == nil ? .connect : .words
    form = .http(status: httpStatus, advice: advice, body: target.verb == .head ? .none : body)
    namesEncodings = false
    // A library in a browser goes by the HTTP status.
    hasStatus = target.isGRPC && (target.contentType ?? .grpc).wire == .grpc
  }

  static func wrongVerb(_ allowed: String, _ target: RequestTarget) -> Refusal {
    let error = RPCError(.internal, "the HTTP method of the call is \(allowed)")
    return Refusal(error, 405, .allow(allowed), target)
  }

  static func wrongType(_ target: RequestTarget) -> Refusal {
    let method = target.method ?? target.queried?.method
    let error = RPCError(.invalidArgument, "the content-type is not that of a call")
    return Refusal(error, 415, .acceptPost(ContentType.accepted(by: method?.kind)), target)
  }

  static func notFound(_ target: RequestTarget) -> Refusal {
    Refusal(RPCError(.unimplemented, "the server has no such method"), 404, nil, target)
  }
}
