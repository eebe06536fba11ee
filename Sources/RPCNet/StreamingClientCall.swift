internal import HTTP2
internal import Net
internal import RPC
internal import Synchronization

/// One streaming call on the client, from before there is a connection until its status is known.
///
/// The counterpart of `ClientCall` for calls with more than one message somewhere.
///
/// `@unchecked Sendable`: what is mutable is touched only on the loop of the channel.
final class StreamingClientCall: PendingCall, StreamHandler, @unchecked Sendable {
  private enum Sending: Equatable { case open, ended }

  let loop: EventLoop
  let flow = MessageFlow(isWritable: false, isWanted: true)
  let metadata = Eventual<Metadata>()
  private let trailing = Mutex(Metadata())
  private let headers: HeaderBlock
  private let deadline: ContinuousClock.Instant?
  private let compression: Compression
  private var state = ClientCallState()
  private var sending = Sending.open
  private var reader: ResponseReader
  private var stream: Stream?
  private var timer: EventLoop.Timer?
  private var failure: RPCError?

  init(_ call: OutgoingCall, headers: HeaderBlock, limits: CallLimits, on loop: EventLoop) {
    self.loop = loop
    self.headers = headers
    deadline = call.deadline
    compression = call.compression
    reader = ResponseReader(call.kind, limits: limits)
  }

  var isOpen: Bool { state.isOpen }
  var trailingMetadata: Metadata { trailing.withLock(\.self) }

  /// The time that the call has begins to run out.
  func begin() {
    guard let deadline, isOpen else { return }
    timer = loop.schedule(after: ContinuousClock.now.duration(to: deadline)) { [weak self] in
      self?.fail(.deadlineExceeded)
    }
  }

  func send(on connection: Connection) throws(NetError) {
    let stream = try connection.openStream(headers, handler: self)
    self.stream = stream
    if sending == .ended { stream.sendData([], endStream: true) }
    flow.outgoing.open()
  }

  func fail(_ error: RPCError) { perform(state.failed(), .failure(error)) }

  // MARK: - What the caller asks for

  func send(_ frame: [UInt8], compressed: Bool) -> Result<Void, RPCError> {
    guard state.isOpen, sending == .open, let stream else {
      return .failure(failure ?? .callIsOver)
    }
    do throws(RPCError) {
      let frame = compressed ? try Framing.compress(frame, compression, always: true) : frame
      stream.sendData(frame)
      flow.wrote(to: stream)
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  func finishSending() {
    guard sending == .open else { return }
    sending = .ended
    if state.isOpen { stream?.sendData([], endStream: true) }
  }

  /// The next message; called from any task.
  func receive() async throws(RPCError) -> ReceivedMessage? {
    let message = try await flow.incoming.next()
    if message != nil, flow.incoming.isEmpty {
      loop.perform { if let stream = self.stream { self.flow.giveBack(to: stream) } }
    }
    return message
  }

  // MARK: - What comes from the server

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {
    read { () throws(RPCError) in
      let trailing = try reader.receivedHeaders(ResponseFields(headers), endStream: endStream)
      if let trailing { succeed(trailing) } else { metadata.resolve(.success(reader.metadata)) }
    }
  }

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    guard state.isOpen else { return }
    do throws(RPCError) {
      var rest = bytes
      while let message = try reader.next(from: &rest) { flow.incoming.append(message) }
      if endStream { throw ResponseReader.noStatus }
      if let stream { flow.received(bytes.count, on: stream) }
    } catch {
      fail(error)
    }
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    read { () throws(RPCError) in
      succeed(try reader.receivedTrailers(ResponseFields(trailers)))
    }
  }

  func becameWritable() { flow.outgoing.open() }

  func closed(_ code: ErrorCode, connectionLost: Bool) {
    let error = RPCError.streamClosed(code, connectionLost: connectionLost)
    perform(state.streamClosed(), .failure(error.considering(deadline: deadline)))
  }

  private func read(_ body: () throws(RPCError) -> Void) {
    guard state.isOpen else { return }
    do throws(RPCError) { try body() } catch { fail(error.considering(deadline: deadline)) }
  }

  private func succeed(_ trailing: Metadata) {
    perform(state.responseEnded(), .success(trailing))
  }

  private func perform(_ effects: ClientCallState.Effects, _ outcome: Result<Metadata, RPCError>) {
    if effects.contains(.complete) { complete(outcome) }
    if effects.contains(.reset) { stream?.reset(.cancel) }
  }

  private func complete(_ outcome: Result<Metadata, RPCError>) {
    timer?.cancel()
    timer = nil
    switch outcome {
    case .success(let metadata):
      trailing.withLock { $0 = metadata }
      self.metadata.resolve(.success(reader.metadata))
      flow.end()
    case .failure(let error):
      failure = error
      metadata.resolve(.failure(error))
      flow.end(error)
    }
  }
}

/// A caller's hold on its call: the call does not outlive it.
final class NetworkExchange: ClientExchange {
  private let call: StreamingClientCall

  init(_ call: StreamingClientCall) { self.call = call }

  deinit { cancel() }

  var metadata: Metadata {
    get async throws(RPCError) { try await call.metadata.value }
  }
  var trailingMetadata: Metadata { call.trailingMetadata }

  func receive() async throws(RPCError) -> ReceivedMessage? {
    do { return try await call.receive() } catch { throw ended(error) }
  }

  func send(_ frame: [UInt8], compressed: Bool) async throws(RPCError) {
    do throws(RPCError) {
      try await call.flow.outgoing.pass()
      try await call.loop.run { [call] in call.send(frame, compressed: compressed) }.get()
    } catch { throw ended(error) }
  }

  func finishSending() { call.loop.execute { [call] in call.finishSending() } }

  func cancel() { call.loop.execute { [call] in call.fail(.cancelled) } }

  /// A task that is cancelled while it waits gives the call up.
  private func ended(_ error: RPCError) -> RPCError {
    if Task.isCancelled { cancel() }
    return error
  }
}
