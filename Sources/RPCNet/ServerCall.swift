internal import HTTP2
internal import Linux
internal import Net
internal import RPC

/// One call on the server: reads the request off its stream, runs the handler, writes the response.
///
/// `ServerCallState` decides, this class does. The handler runs as a task on the connection's loop,
/// so a call whose handler never waits never leaves its thread.
///
/// `@unchecked Sendable`: what is mutable is touched only on the loop, by the connection, by timers
/// and by the task, which has the loop as its executor.
final class ServerCall: StreamHandler, @unchecked Sendable {
  private let stream: Stream
  private let head: RequestHead
  private let context: ServerContext
  private let running: RunningCalls?
  private var state: ServerCallState
  private var reader: MessageReader
  private var request: [UInt8] = []
  private var task: Task<Void, Never>?
  private var timer: EventLoop.Timer?

  init(
    _ stream: Stream, _ head: RequestHead, metadataIn headers: HeaderBlock, limits: CallLimits,
    running: RunningCalls?
  ) {
    self.stream = stream
    self.head = head
    self.running = running
    state = ServerCallState(head.method.kind)
    reader = MessageReader(
      head.compression, expectsOne: head.method.kind.hasOneRequest, limits: limits)
    context = ServerContext(
      path: head.method.path, peer: Peer(stream.connection), metadataIn: headers,
      deadline: head.timeout.map { ContinuousClock.now.advanced(by: $0) })
  }

  /// The headers are accepted: what follows counts against the deadline.
  func begin(endStream: Bool) {
    if let timeout = head.timeout {
      guard timeout > .zero else { return fail(.deadlineExceeded) }
      timer = stream.connection.loop.schedule(after: timeout) { [weak self] in
        self?.fail(.deadlineExceeded)
      }
    }
    perform(state.accepted())
    if endStream { requestEnded() }
  }

  // MARK: - What comes from the client

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    guard state.readsRequest else { return }
    do throws(RPCError) {
      var rest = bytes
      while let message = try reader.next(from: &rest) { request = message }
    } catch {
      return fail(error)
    }
    if endStream { requestEnded() } else { stream.consumed(bytes.count) }
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    if state.readsRequest { requestEnded() }
  }

  func becameWritable() {}

  func closed(_ code: ErrorCode, connectionLost: Bool) {
    perform(state.streamClosed())
    stopTimer()
  }

  private func requestEnded() {
    do throws(RPCError) { try reader.finish() } catch {
      // The client has nothing left to send: there is nothing to stop.
      perform(state.requestEnded().subtracting(.startHandler))
      return fail(error)
    }
    perform(state.requestEnded())
  }

  // MARK: - What is done about it

  private func perform(
    _ effects: ServerCallState.Effects, _ answer: Result<[UInt8], RPCError>? = nil
  ) {
    if effects.contains(.startHandler) { startHandler() }
    if effects.contains(.sendAnswer), let answer { send(answer) }
    if effects.contains(.cancelHandler) { task?.cancel() }
  }

  private func fail(_ error: RPCError) { perform(state.failed(), .failure(error)) }

  private func startHandler() {
    running?.started()
    // Captures nothing but the call: such a closure needs no memory of its own.
    task = Task(executorPreference: stream.connection.loop) { await self.runHandler() }
  }

  /// Kept small, and what it calls not inlined: the frames of a task that fit into its first
  /// kilobyte cost no allocation.
  private func runHandler() async {
    switch head.method.handler {
    case .unary(let handler):
      do {
        handlerReturned(try await handler(takeRequest(), context))
      } catch {
        handlerThrew(error)
      }
    }
  }

  private func takeRequest() -> [UInt8] {
    defer { request = [] }
    return request
  }

  @inline(never)
  private func handlerReturned(_ frame: [UInt8]) {
    handlerFinished()
    perform(state.handlerFinished(), .success(frame))
  }

  @inline(never)
  private func handlerThrew(_ error: any Error) {
    handlerFinished()
    perform(state.handlerFinished(), .failure(.wrapping(error)))
  }

  private func handlerFinished() {
    running?.finished()
    task = nil
  }

  // MARK: - What goes to the client

  private func send(_ answer: Result<[UInt8], RPCError>) {
    stopTimer()
    do throws(RPCError) {
      let frame = try Framing.compress(try answer.get(), head.responseCompression)
      let added = context.addedMetadata
      let headers = try HeaderBlocks.response(to: head, metadata: added?.initial)
      let trailers = try HeaderBlocks.trailers(added?.trailing)
      stream.sendHeaders(headers)
      stream.sendData(frame)
      stream.sendTrailers(trailers)
    } catch {
      let block = HeaderBlocks.failure(
        error, head.contentType, trailing: context.trailingMetadata)
      stream.sendHeaders(block, endStream: true)
    }
  }

  private func stopTimer() {
    timer?.cancel()
    timer = nil
  }
}

extension Connection: PeerSource {
  /// The address, as the kernel names it.
  package var peerAddress: String { peer.description }
}
