/// Reads the response of one call: headers, messages, trailers, in whatever pieces they come.
///
/// A value without time or I/O. Whatever throws has ended the call.
package struct ResponseReader: Sendable {
  private enum Phase {
    case headers
    case messages(MessageReader)
    /// The body is an error in JSON, on top of what HTTP says.
    case error(RPCError, MessageReader)
    case ended
  }

  private let type: ContentType
  private let kind: MethodKind
  private let limits: CallLimits
  private var phase = Phase.headers
  private var headers = ResponseFields()
  private var isBodyEmpty = true
  /// What came before the first message.
  package private(set) var metadata = Metadata()
  /// What comes last, where it stands among what comes first.
  private var trailing = Metadata()

  /// Whether the response may still turn out to be an error and nothing else: until there is more
  /// of it, the call has not been answered.
  package var mayOnlyFail: Bool {
    if readsTrailers { return false }
    return switch phase {
    case .error: true
    // A frame that ends the response may be all there is.
    case .messages: kind == .unary && type.wire.endFlag != 0
    case .headers, .ended: false
    }
  }

  /// Whether what ends a response stands in trailers.
  package var readsTrailers: Bool { type.wire == .grpc }

  /// Reads the response of a call of this kind, whose request was of this type.
  package init(_ kind: MethodKind, as type: ContentType = .grpc, limits: CallLimits) {
    self.type = type
    self.kind = kind
    self.limits = limits
  }

  /// The response begins.
  ///
  /// With `endStream` it is all there is: in gRPC that is the end of the call ("Trailers-Only"), and
  /// what is returned is not nil; in the other protocols it is to be told by `receivedEnd`, too.
  package mutating func receivedHeaders(
    _ fields: ResponseFields, endStream: Bool
  ) throws(RPCError) -> Metadata? {
    if endStream, type.wire == .grpc { return try receivedTrailers(fields) }
    metadata = fields.metadata
    if type.wire == .connectUnary { (metadata, trailing) = metadata.split() }
    headers = fields
    phase = try body(of: fields)
    return nil
  }

  private func body(of fields: ResponseFields) throws(RPCError) -> Phase {
    if type.wire == .connectUnary, let compression = fields.errorCompression {
      var error = fields.httpError(for: type.wire)
      error.metadata = trailing
      return .error(
        error, MessageReader(compression, form: .bare, expectsOne: true, limits: limits))
    }
    return .messages(
      MessageReader(
        try fields.messageCompression(for: type), form: type.wire.bodyForm,
        endFlag: type.wire.endFlag, expectsOne: kind.hasOneResponse, limits: limits))
  }

  /// Reads from the front of `bytes`; returns each message, and nil when `bytes` is used up.
  package mutating func next(from bytes: inout Span<UInt8>) throws(RPCError) -> ReceivedMessage? {
    if !bytes.isEmpty { isBodyEmpty = false }
    // Taken out, so that what the reader has collected is not copied.
    let last = phase
    phase = .ended
    switch last {
    case .messages(var reader):
      defer { phase = .messages(reader) }
      return try reader.next(from: &bytes)
    case .error(let error, var reader):
      defer { phase = .error(error, reader) }
      return try reader.next(from: &bytes)
    case .headers, .ended: throw RPCError(.internal, "the server sent data out of turn")
    }
  }

  /// The response ends with the trailers of gRPC.
  ///
  /// Returns the trailing metadata of a call that succeeded.
  package mutating func receivedTrailers(_ fields: ResponseFields) throws(RPCError) -> Metadata {
    let last = phase
    phase = .ended
    if case .headers = last, fields.outcome == nil {
      _ = try fields.messageCompression(for: type)
    }
    let trailing = try Self.trailing(in: fields)
    try finish(last)
    return trailing
  }

  /// The response ends, and with it its body.
  ///
  /// Returns the trailing metadata of a call that succeeded, and the message that needs no frame.
  package mutating func receivedEnd() throws(RPCError) -> (
    trailing: Metadata, message: ReceivedMessage?
  ) {
    let last = phase
    phase = .ended
    switch last {
    case .error(let error, let reader): throw error.explained(by: reader)
    case .messages(let reader):
      let trailing = try trailing(after: reader)
      return (trailing, try finish(last))
    case .headers, .ended: throw Self.noStatus
    }
  }

  private func trailing(after reader: MessageReader) throws(RPCError) -> Metadata {
    switch type.wire {
    case .grpc: throw Self.noStatus
    case .connectUnary: return trailing
    case .connectStreaming:
      guard let end = reader.end else { throw Self.noStatus }
      return try ConnectEnd.read(end)
    case .grpcWeb, .grpcWebText:
      if let end = reader.end { return try Self.trailing(in: ResponseFields(lines: end)) }
      // "Trailers may be sent together with response headers, with no message in the body."
      guard isBodyEmpty else { throw Self.noStatus }
      return try Self.trailing(in: headers)
    }
  }

  @discardableResult
  private func finish(_ phase: Phase) throws(RPCError) -> ReceivedMessage? {
    guard case .messages(var reader) = phase else {
      if kind.hasOneResponse { throw MessageReader.wrongCount }
      return nil
    }
    return try reader.finish()
  }

  private static func trailing(in fields: ResponseFields) throws(RPCError) -> Metadata {
    guard let outcome = fields.outcome else { throw noStatus }
    if let error = outcome { throw error }
    return fields.metadata
  }

  /// The stream ended after data, without trailers.
  package static var noStatus: RPCError {
    RPCError(.internal, "the server ended the response without a status")
  }
}

extension RPCError {
  /// The error that the body of a response is; this one where it is none.
  fileprivate func explained(by reader: MessageReader) -> RPCError {
    var reader = reader
    guard let body = try? reader.finish(),
      var error = RPCError(connectJSON: body.bytes, fallback: code)
    else { return self }
    error.metadata = metadata
    return error
  }
}

extension ResponseFields {
  /// Fields as gRPC-Web has them in a body: lines of a name, a colon and a value.
  fileprivate init(lines text: [UInt8]) {
    self.init()
    for line in text.split(separator: UInt8(ascii: "\n")) {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let name = line[..<colon].map(\.lowercased)
      var value = line[line.index(after: colon)...]
      while value.first == UInt8(ascii: " ") { value.removeFirst() }
      while value.last == UInt8(ascii: "\r") || value.last == UInt8(ascii: " ") {
        value.removeLast()
      }
      let bytes = Array(value)
      add(name: name.span, value: bytes.span)
    }
  }

}

extension Metadata {
  /// The metadata of a unary answer in Connect: what comes before the message, and behind
  /// `trailer-` what comes after it.
  fileprivate func split() -> (leading: Metadata, trailing: Metadata) {
    let prefix = "trailer-"
    var (leading, trailing) = (Metadata(), Metadata())
    for entry in self {
      let isTrailing = entry.name.hasPrefix(prefix)
      let name = isTrailing ? String(entry.name.dropFirst(prefix.count)) : entry.name
      switch (entry.value, isTrailing) {
      case (.text(let text), true): trailing.append(text, for: name)
      case (.text(let text), false): leading.append(text, for: name)
      case (.binary(let bytes), true): trailing.append(bytes, for: name)
      case (.binary(let bytes), false): leading.append(bytes, for: name)
      }
    }
    return (leading, trailing)
  }
}
