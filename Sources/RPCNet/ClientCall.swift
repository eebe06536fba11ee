internal import HTTP2
internal import Net
internal import RPC

/// One unary call on the client: writes the request onto a stream and reads the response off it.
///
/// `ClientCallState` decides, this class does. It begins before there is a connection, so that its
/// deadline covers the dialling, too.
///
/// `@unchecked Sendable`: what is mutable is touched only on the loop of the channel.
final class ClientCall: PendingCall, StreamHandler, @unchecked Sendable {
  typealias Outcome = Result<Response<[UInt8]>, RPCError>

  private let loop: EventLoop
  private let deadline: ContinuousClock.Instant?
  private let headers: HeaderBlock
  private let frame: [UInt8]
  private var state = ClientCallState()
  private var reader: ResponseReader
  private var message = ReceivedMessage(bytes: [])
  private var stream: Stream?
  private var timer: EventLoop.Timer?
  private var continuation: CheckedContinuation<Outcome, Never>?
  /// Set if the call is over before anybody waits for it: its task was cancelled from the start.
  private var outcome: Outcome?

  init(
    _ call: OutgoingCall, headers: HeaderBlock, frame: [UInt8], limits: CallLimits,
    on loop: EventLoop
  ) {
    self.loop = loop
    self.headers = headers
    self.frame = frame
    deadline = call.deadline
    reader = ResponseReader(call.kind, limits: limits)
  }

  /// Whether somebody still wants this call made.
  var isOpen: Bool { state.isOpen }

  /// The caller waits from here on.
  func begin(_ continuation: CheckedContinuation<Outcome, Never>) {
    if let outcome { return continuation.resume(returning: outcome) }
    self.continuation = continuation
    guard let deadline else { return }
    timer = loop.schedule(after: ContinuousClock.now.duration(to: deadline)) { [weak self] in
      self?.fail(.deadlineExceeded)
    }
  }

  /// Sends the request.
  ///
  /// Throws if the connection takes no more, and then nothing has been sent.
  func send(on connection: Connection) throws(NetError) {
    let stream = try connection.openStream(headers, handler: self)
    self.stream = stream
    stream.sendData(frame, endStream: true)
  }

  /// Ends the call from this side, if it has not ended yet.
  func fail(_ error: RPCError) { perform(state.failed(), .failure(error)) }

  // MARK: - What comes from the server

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {
    read { () throws(RPCError) in
      let trailing = try reader.receivedHeaders(ResponseFields(headers), endStream: endStream)
      if let trailing { succeed(trailing) }
    }
  }

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    guard state.isOpen else { return }
    do throws(RPCError) {
      var rest = bytes
      while let message = try reader.next(from: &rest) { self.message = message }
      if endStream { throw ResponseReader.noStatus }
      stream?.consumed(bytes.count)
    } catch {
      fail(error)
    }
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    read { () throws(RPCError) in
      succeed(try reader.receivedTrailers(ResponseFields(trailers)))
    }
  }

  func becameWritable() {}

  func closed(_ code: ErrorCode, connectionLost: Bool) {
    let error = RPCError.streamClosed(code, connectionLost: connectionLost)
    perform(state.streamClosed(), .failure(error.considering(deadline: deadline)))
  }

  private func read(_ body: () throws(RPCError) -> Void) {
    guard state.isOpen else { return }
    do throws(RPCError) { try body() } catch { fail(error.considering(deadline: deadline)) }
  }

  private func succeed(_ trailing: Metadata) {
    let response = Response(
      message: message.bytes, metadata: reader.metadata, trailingMetadata: trailing,
      wasCompressed: message.wasCompressed)
    perform(state.responseEnded(), .success(response))
  }

  private func perform(_ effects: ClientCallState.Effects, _ outcome: Outcome) {
    if effects.contains(.complete) { complete(outcome) }
    if effects.contains(.reset) { stream?.reset(.cancel) }
  }

  private func complete(_ outcome: Outcome) {
    timer?.cancel()
    timer = nil
    if let continuation {
      self.continuation = nil
      continuation.resume(returning: outcome)
    } else {
      self.outcome = outcome
    }
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
