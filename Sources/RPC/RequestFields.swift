/// The header fields of a request, taken in one after the other and judged at the end.
///
/// Nothing is allocated for a field that says what nearly every request says. Metadata are checked
/// and left where they are.
package struct RequestFields: Sendable {
  private let methods: MethodTable
  /// What the fields ask for that all protocols have in common.
  package private(set) var target = RequestTarget()
  private var compression: Compression? = .identity
  private var accepted = CompressionSet()
  private var timeout: Duration?
  private var malformed: RPCError?

  /// No fields yet; the path will be looked up in `methods`.
  package init(for methods: MethodTable) { self.methods = methods }

  /// Takes in the field that comes next.
  package mutating func add(name: Span<UInt8>, value: Span<UInt8>) {
    // By length first: most names are compared with one of these or with none.
    switch name.count {
    case 5 where name.equals(":path"): addPath(value)
    case 7 where name.equals(":method"): target.verb = RequestTarget.Verb(value)
    case 12 where name.equals("content-type"): target.contentType = ContentType(value)
    case 12 where name.equals("grpc-timeout"):
      timeout = Timeout.parse(value)
      if timeout == nil { fail("grpc-timeout is malformed") }
    case 13 where name.equals("grpc-encoding"): compression = Compression(name: value)
    case 20 where name.equals("grpc-accept-encoding"): addAccepted(value)
    // Names that begin with `grpc-` are gRPC's: those that we do not know are nobody's metadata.
    default:
      if name.hasBinarySuffix, !name.hasPrefix("grpc-"), !value.isBinaryValue {
        fail("the value of a -bin field is not base64")
      }
    }
  }

  /// Only what is no path of ours is looked at twice.
  private mutating func addPath(_ path: Span<UInt8>) {
    target.method = methods.method(at: path)
    guard target.method == nil, let mark = path.firstIndex(where: { $0 == UInt8(ascii: "?") }),
      let method = methods.method(at: path.extracting(first: mark))
    else { return }
    var query: [UInt8] = []
    query.append(copying: path.extracting(droppingFirst: mark + 1))
    target.queried = (method, query)
  }

  private mutating func addAccepted(_ list: Span<UInt8>) {
    list.forEachListElement { element in
      if let compression = Compression(name: element) { accepted.insert(compression) }
    }
  }

  private mutating func fail(_ message: String) {
    if malformed == nil { malformed = RPCError(.internal, message) }
  }
}

extension RequestFields {
  /// What the fields asked for, once all of them are in, if it was gRPC or gRPC-Web.
  package consuming func finish() throws(Refusal) -> RequestHead {
    guard target.verb == .post else { throw .wrongVerb("POST", target) }
    guard let type = target.contentType else { throw .wrongType(target) }
    guard let method = target.method else {
      throw Refusal(RPCError(.unimplemented, "the server has no such method"), for: type)
    }
    if let malformed { throw Refusal(malformed, for: type) }
    guard let compression else {
      throw Refusal(
        RPCError(.unimplemented, "the server does not have this grpc-encoding"), for: type,
        namesEncodings: true)
    }
    return RequestHead(
      method: method, contentType: type, compression: compression, accepted: accepted,
      timeout: timeout)
  }
}

/// What a request asks for, before its first message.
package struct RequestHead: Sendable {
  package let method: RegisteredMethod
  package let contentType: ContentType
  package let compression: Compression
  /// What the client says it reads.
  private let accepted: CompressionSet
  /// How responses are compressed unless the handler decides.
  private let preferred: Compression
  package let timeout: Duration?
  /// The message, where the request has no body that could hold it.
  package let message: [UInt8]?

  /// In gRPC, what the client used and says it reads is what it gets.
  init(
    method: RegisteredMethod, contentType: ContentType, compression: Compression,
    accepted: CompressionSet, timeout: Duration?
  ) {
    self.method = method
    self.contentType = contentType
    self.compression = compression
    self.accepted = accepted
    preferred = accepted.contains(compression) ? compression : .identity
    self.timeout = timeout
    message = nil
  }

  /// In Connect, the client gets the first that it names.
  init(
    method: RegisteredMethod, contentType: ContentType, compression: Compression,
    accepted: [Compression], timeout: Duration?, message: [UInt8]?
  ) {
    self.method = method
    self.contentType = contentType
    self.compression = compression
    self.accepted = CompressionSet(accepted)
    preferred = accepted.first ?? .identity
    self.timeout = timeout
    self.message = message
  }

  /// How responses are compressed.
  ///
  /// - Parameter choice: whether they are; nil leaves it to the client.
  package func responseCompression(_ choice: Bool?) -> Compression {
    switch choice {
    case nil: preferred
    case false?: .identity
    case true?:
      [preferred, compression, .gzip, .deflate].first {
        $0 != .identity && accepted.contains($0)
      } ?? .identity
    }
  }
}
