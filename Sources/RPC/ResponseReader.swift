/// Reads the response of one call: headers, messages, trailers, in whatever pieces they come.
///
/// A value without time or I/O. Whatever throws has ended the call.
package struct ResponseReader: Sendable {
  private enum Phase { case headers, messages(MessageReader), ended }

  private let expectsOne: Bool
  private let limits: CallLimits
  private var phase = Phase.headers
  /// What came before the first message.
  package private(set) var metadata = Metadata()

  /// Reads the response of a call of this kind.
  package init(_ kind: MethodKind, limits: CallLimits) {
    expectsOne = kind.hasOneResponse
    self.limits = limits
  }

  /// The response begins.
  ///
  /// With `endStream` it is all there is ("Trailers-Only").
  package mutating func receivedHeaders(
    _ fields: ResponseFields, endStream: Bool
  ) throws(RPCError) -> Metadata? {
    if endStream { return try receivedTrailers(fields) }
    let compression = try fields.messageCompression()
    metadata = fields.metadata
    phase = .messages(MessageReader(compression, expectsOne: expectsOne, limits: limits))
    return nil
  }

  /// Reads from the front of `bytes`; returns each message, and nil when `bytes` is used up.
  package mutating func next(from bytes: inout Span<UInt8>) throws(RPCError) -> ReceivedMessage? {
    guard case .messages(var reader) = phase else {
      throw .fault("the server sent data out of turn")
    }
    // Taken out, so that what the reader has collected is not copied.
    phase = .ended
    defer { phase = .messages(reader) }
    return try reader.next(from: &bytes)
  }

  /// The response ends.
  ///
  /// Returns the trailing metadata of a call that succeeded.
  package mutating func receivedTrailers(_ fields: ResponseFields) throws(RPCError) -> Metadata {
    let last = phase
    phase = .ended
    guard let outcome = fields.outcome else {
      if case .headers = last { _ = try fields.messageCompression() }
      throw Self.noStatus
    }
    if let error = outcome { throw error }
    if case .messages(var reader) = last {
      _ = try reader.finish()
    } else if expectsOne {
      throw MessageReader.wrongCount
    }
    return fields.metadata
  }

  /// The stream ended after data, without trailers.
  package static var noStatus: RPCError {
    .fault("the server ended the response without a status")
  }
}
