/// The header fields of a request, taken in one after the other and judged at the end.
///
/// Nothing is allocated for a field that says what nearly every request says. Metadata are checked
/// and left where they are.
package struct RequestFields: Sendable {
  private let methods: MethodTable
  private var isPost = false
  private var isHead = false
  private var method: RegisteredMethod?
  private var contentType: ContentType?
  private var compression: Compression? = .identity
  private var accepted = CompressionSet()
  private var timeout: Duration?
  private var malformed: RPCError?

  /// No fields yet; the path will be looked up in `methods`.
  package init(for methods: MethodTable) { self.methods = methods }

  /// Takes in the field that comes next.
  package mutating func add(name: Span<UInt8>, value: Span<UInt8>) {
    if name.isEmpty { return }
    if name[0] == UInt8(ascii: ":") {
      addPseudo(name: name, value: value)
    } else if name.hasPrefix("grpc-") {
      addReserved(name: name, value: value)
    } else if name.equals("content-type") {
      contentType = ContentType(value)
    } else if name.hasBinarySuffix, !value.isBinaryValue {
      fail("the value of a -bin field is not base64")
    }
  }

  private mutating func addPseudo(name: Span<UInt8>, value: Span<UInt8>) {
    if name.equals(":path") {
      method = methods.method(at: value)
    } else if name.equals(":method") {
      isPost = value.equals("POST")
      isHead = value.equals("HEAD")
    }
  }

  /// Names that begin so are gRPC's: those that we do not know are nobody's metadata.
  private mutating func addReserved(name: Span<UInt8>, value: Span<UInt8>) {
    if name.equals("grpc-timeout") {
      timeout = Timeout.parse(value)
      if timeout == nil { fail("grpc-timeout is malformed") }
    } else if name.equals("grpc-encoding") {
      compression = Compression(name: value)
    } else if name.equals("grpc-accept-encoding") {
      value.forEachListElement { element in
        if let compression = Compression(name: element) { accepted.insert(compression) }
      }
    }
  }

  private mutating func fail(_ message: String) {
    if malformed == nil { malformed = RPCError(.internal, message) }
  }
}

extension RequestFields {
  /// What the fields asked for, once all of them are in.
  package consuming func finish() throws(Refusal) -> RequestHead {
    guard isPost else {
      throw Refusal(
        RPCError(.internal, "the HTTP method of a call is POST"), httpStatus: 405, isHead: isHead)
    }
    guard let contentType else {
      throw Refusal(RPCError(.invalidArgument, "the content-type is not gRPC's"), httpStatus: 415)
    }
    guard let method else {
      throw Refusal(RPCError(.unimplemented, "the server has no such method"))
    }
    if let malformed { throw Refusal(malformed) }
    guard let compression else {
      throw Refusal(
        RPCError(.unimplemented, "the server does not have this grpc-encoding"),
        namesEncodings: true)
    }
    return RequestHead(
      method: method, contentType: contentType, compression: compression, accepted: accepted,
      timeout: timeout)
  }
}

/// What a request asks for, before its first message.
package struct RequestHead: Sendable {
  package let method: RegisteredMethod
  package let contentType: ContentType
  package let compression: Compression
  /// What the client says it reads.
  let accepted: CompressionSet
  package let timeout: Duration?

  /// How responses are compressed.
  ///
  /// - Parameter choice: whether they are; nil leaves it to the client.
  package func responseCompression(_ choice: Bool?) -> Compression {
    switch choice {
    // What the client used and says it reads is what it gets.
    case nil: accepted.contains(compression) ? compression : .identity
    case false?: .identity
    case true?:
      [compression, .gzip, .deflate].first { $0 != .identity && accepted.contains($0) }
        ?? .identity
    }
  }
}

/// A request that is answered without anyone looking at its messages.
package struct Refusal: Error {
  /// What the client learns.
  package let error: RPCError
  /// 200, except where the client does not speak gRPC.
  package let httpStatus: Int
  /// Whether a few words follow the header fields, for a person who reads them.
  package let hasBody: Bool
  private let namesEncodings: Bool

  init(
    _ error: RPCError, httpStatus: Int = 200, isHead: Bool = false, namesEncodings: Bool = false
  ) {
    self.error = error
    self.httpStatus = httpStatus
    hasBody = httpStatus != 200 && !isHead
    self.namesEncodings = namesEncodings
  }

  /// Appends the status; the HTTP status and the content type are the transport's.
  package func append(to sink: inout some FieldSink) {
    // "The server must include its supported encodings in grpc-accept-encoding" (compression.md).
    if namesEncodings { sink.append("grpc-accept-encoding", Compression.acceptEncoding) }
    error.append(to: &sink)
  }
}
