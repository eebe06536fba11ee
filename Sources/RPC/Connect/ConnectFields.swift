import TextCoding

/// The header fields of a request that is not gRPC's, gone through once more: what Connect has to
/// say stands under other names, and which ones hangs on the type.
package struct ConnectFields: Sendable {
  private let target: RequestTarget
  private let names: (encoding: String, accepted: String)
  private var compression: Compression? = .identity
  /// What the client says it reads, the best first; nil if it says nothing.
  private var accepted: [Compression]?
  private var timeout: Duration?
  private var malformed: RPCError?

  /// The fields of a request to `target` are to be added one after the other.
  package init(_ target: RequestTarget) {
    self.target = target
    names =
      target.contentType == nil || target.contentType?.wire == .connectUnary
      ? ("content-encoding", "accept-encoding")
      : ("connect-content-encoding", "connect-accept-encoding")
  }

  /// Takes in the field that comes next.
  package mutating func add(name: Span<UInt8>, value: Span<UInt8>) {
    if name.equals(names.encoding) {
      compression = Compression(name: value)
    } else if name.equals(names.accepted) {
      accepted = (accepted ?? []) + Compression.accepted(by: value)
    } else if name.equals("connect-timeout-ms") {
      timeout = Timeout.parse(milliseconds: value)
      if timeout == nil { fail("connect-timeout-ms is malformed") }
    } else if name.equals("connect-protocol-version"), !value.equals("1") {
      fail("connect-protocol-version must be 1")
    } else if name.hasBinarySuffix, !value.isBinaryValue {
      fail("the value of a -bin field is not base64")
    }
  }

  private mutating func fail(_ message: String) {
    if malformed == nil { malformed = RPCError(.invalidArgument, message) }
  }
}

extension ConnectFields {
  /// What the fields asked for, once all of them are in.
  package consuming func finish() throws(Refusal) -> RequestHead {
    guard target.verb == .get else { return try finishPost() }
    return try finishGet()
  }

  private consuming func finishPost() throws(Refusal) -> RequestHead {
    guard let type = target.contentType else { throw .wrongType(target) }
    guard let method = target.method else { throw .notFound(target) }
    guard target.verb == .post else {
      throw .wrongVerb(method.isReadable ? "GET, POST" : "POST", target)
    }
    guard type.fits(method.kind) else { throw .wrongType(target) }
    return try head(method, type, compression, message: nil)
  }

  // "Unary-Get-Request is a special variant, for side-effect-free RPCs such as simple queries."
  private consuming func finishGet() throws(Refusal) -> RequestHead {
    guard let method = target.method ?? target.queried?.method else { throw .notFound(target) }
    guard method.isReadable else { throw .wrongVerb("POST", target) }
    let query = ConnectQuery(target.queried?.query ?? [])
    guard let type = query.contentType else { throw .wrongType(target) }
    if let error = query.error { throw Refusal(error, for: type) }
    return try head(method, type, query.compression, message: query.message)
  }

  private consuming func head(
    _ method: RegisteredMethod, _ type: ContentType, _ compression: Compression?,
    message: [UInt8]?
  ) throws(Refusal) -> RequestHead {
    if let malformed { throw Refusal(malformed, for: type) }
    guard let compression else {
      throw Refusal(
        RPCError(
          .unimplemented,
          "the server does not have this encoding; it has \(Compression.acceptEncoding)"),
        for: type, namesEncodings: true)
    }
    // "If the client omits Accept-Encoding, servers must assume that the client accepts the
    // Content-Encoding used for the request."
    return RequestHead(
      method: method, contentType: type, compression: compression,
      accepted: accepted ?? [compression], timeout: timeout, message: message)
  }
}

extension RegisteredMethod {
  /// Whether the method may be called by GET.
  var isReadable: Bool { kind == .unary && idempotency == .noSideEffects }
}
