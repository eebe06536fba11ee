internal import HTTP2
internal import Net
internal import RPC

/// Whom an attempt tells what becomes of it.
protocol CallAttemptOwner: AnyObject {
  /// The response has begun: what follows belongs to the caller.
  func attemptReceivedHeaders(_ metadata: Metadata)
  /// A message has come.
  func attemptReceivedMessage(_ message: ReceivedMessage)
  /// Bytes of messages have come, all that were whole have been handed on.
  func attemptReceivedBytes(_ count: Int, on stream: Net.Stream)
  /// There is room again for what is to be sent.
  func attemptBecameWritable()
  /// It is over; nothing follows.
  func attemptEnded(_ end: CallAttempt.End)
}

/// One attempt at a call: one stream of one connection, on which one of the protocols is spoken.
///
/// `ClientCallState` decides, this class does. Confined to the loop of its connection.
final class CallAttempt: StreamHandler {
  /// How an attempt ended.
  enum End {
    /// With the trailing metadata of success.
    case succeeded(Metadata)
    /// `wasSeen`: the server may have seen it, and done something about it.
    case failed(RPCError, wasSeen: Bool)
  }

  /// Let go of when the attempt is over.
  private var owner: (any CallAttemptOwner)?
  private var state = ClientCallState()
  private var reader: ResponseReader
  /// Whether the owner has been told that the response has begun.
  private var hasBegun = false
  /// The stream, once it is open.
  private(set) var stream: Net.Stream?

  init(
    _ kind: MethodKind, as type: ContentType, limits: CallLimits, owner: any CallAttemptOwner
  ) {
    reader = ResponseReader(kind, as: type, limits: limits)
    self.owner = owner
  }

  /// Sends the header fields of the request.
  ///
  /// Throws if the connection takes no more, and then nothing has been sent.
  func begin(_ headers: HeaderBlock, on connection: Connection) throws(NetError) -> Net.Stream {
    let stream = try connection.openStream(headers, handler: self)
    self.stream = stream
    return stream
  }

  /// Gives the attempt up; its owner is not told.
  func giveUp() {
    owner = nil
    perform(state.failed(), .failed(.cancelled, wasSeen: true))
  }

  // MARK: - What comes from the server

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {
    read { () throws(RPCError) in
      let trailing = try reader.receivedHeaders(ResponseFields(headers), endStream: endStream)
      if let trailing { return succeed(trailing) }
      if endStream { return try receivedEnd() }
      if !reader.mayOnlyFail { responseHasBegun() }
    }
  }

  private func responseHasBegun() {
    guard !hasBegun else { return }
    hasBegun = true
    owner?.attemptReceivedHeaders(reader.metadata)
  }

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    guard state.isOpen else { return }
    do throws(RPCError) {
      var rest = bytes
      while let message = try reader.next(from: &rest) { pass(on: message) }
      if let stream { owner?.attemptReceivedBytes(bytes.count, on: stream) }
      if endStream { try receivedEnd() }
    } catch {
      fail(error)
    }
  }

  private func receivedEnd() throws(RPCError) {
    let (trailing, message) = try reader.receivedEnd()
    responseHasBegun()
    if let message { pass(on: message) }
    succeed(trailing)
  }

  private func pass(on message: ReceivedMessage) {
    responseHasBegun()
    owner?.attemptReceivedMessage(message)
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    read { () throws(RPCError) in
      // No other protocol has any: what stands in them says nothing.
      guard reader.readsTrailers else { return try receivedEnd() }
      succeed(try reader.receivedTrailers(ResponseFields(trailers)))
    }
  }

  func becameWritable() { owner?.attemptBecameWritable() }

  func closed(_ code: ErrorCode, connectionLost: Bool) {
    let error = RPCError.streamClosed(code, connectionLost: connectionLost)
    // RFC 9113, section 8.7: "The REFUSED_STREAM error code can be included in a RST_STREAM frame to
    // indicate that the stream is being closed prior to any processing having occurred." It is also
    // what streams end with that a GOAWAY leaves out.
    let wasSeen = connectionLost || code != .refusedStream
    perform(state.streamClosed(), .failed(error, wasSeen: wasSeen))
  }

  private func read(_ body: () throws(RPCError) -> Void) {
    guard state.isOpen else { return }
    do throws(RPCError) { try body() } catch { fail(error) }
  }

  private func fail(_ error: RPCError) {
    var error = error
    error.leadingMetadata = reader.metadata
    perform(state.failed(), .failed(error, wasSeen: true))
  }

  private func succeed(_ trailing: Metadata) {
    perform(state.responseEnded(), .succeeded(trailing))
  }

  private func perform(_ effects: ClientCallState.Effects, _ end: End) {
    // First, since the owner may begin another attempt.
    if effects.contains(.reset) { stream?.reset(.cancel) }
    guard effects.contains(.complete) else { return }
    let owner = self.owner
    self.owner = nil
    owner?.attemptEnded(end)
  }
}

extension ResponseFields {
  /// The fields of a block.
  init(_ block: HeaderBlock) {
    self.init()
    block.forEachField { add(name: $0, value: $1) }
  }
}

extension RPCError {
  /// What a call fails with whose stream is closed before its status has come.
  static func streamClosed(_ code: ErrorCode, connectionLost: Bool) -> RPCError {
    if connectionLost { return RPCError(.unavailable, "the connection was lost") }
    return RPCError(StatusCode(streamReset: code.rawValue), "the server reset the call: \(code)")
  }
}
