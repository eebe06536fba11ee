internal import HTTP2
internal import Linux
internal import Net
internal import RPC

/// One call on the server: reads the request off its stream, runs the handler, writes the response.
///
/// `ServerCallState` decides, this class does. The handler runs on the connection's loop, from the
/// moment in which the request is complete, so a call whose handler never waits is answered before
/// the next one is looked at. From where it waits first, it runs in a task.
///
/// `@unchecked Sendable`: what is mutable is touched only on the loop, by the connection, by timers
/// and by the task, which has the loop as its executor.
final class ServerCall: StreamHandler, LoopWork, @unchecked Sendable {
  private let stream: Stream
  private let head: RequestHead
  private let context: ServerContext
  /// How the response is put into HTTP.
  private let form: any ResponseForm
  /// The web page that calls, if one does.
  private let page: CrossOrigin.Page?
  private let running: RunningCalls?
  private let kind: RunningCalls.Kind
  /// What a call has whose messages are streamed; a unary one does without as long as its request
  /// comes whole.
  ///
  /// Does not change once the handler has started.
  private var flow: MessageFlow?
  private var state: ServerCallState
  private var reader: MessageReader
  /// The request of a method that takes one, until it is certain that there is no second one.
  private var request: ReceivedMessage?
  /// How many bytes of the request are kept, as counted for the connection.
  private var keptBytes = 0
  /// How responses are compressed, once the header fields have been sent.
  private var compression: Compression?
  private var task: LoopTask?
  /// What is left of the handler, for the task.
  private var rest: (@Sendable () async throws -> Answer)?
  /// The connection knows of this call.
  private var isFollowed = false
  /// The stream is gone; what is left is the handler.
  private var isClosed = false
  private var timer: EventLoop.Timer?
  private let start: MonotonicTime

  init(
    _ stream: Stream, _ head: RequestHead, metadataIn headers: HeaderBlock, limits: CallLimits,
    page: CrossOrigin.Page?, running: RunningCalls?, as kind: RunningCalls.Kind
  ) {
    self.stream = stream
    self.head = head
    self.page = page
    self.running = running
    self.kind = kind
    start = stream.connection.loop.now
    form = head.contentType.responseForm
    state = ServerCallState(head.method.kind)
    reader = MessageReader(
      head.compression, form: head.contentType.wire.bodyForm,
      expectsOne: head.method.kind.hasOneRequest, limits: limits)
    flow = head.method.kind == .unary ? nil : MessageFlow(isWritable: true, isWanted: false)
    context = ServerContext(
      path: head.method.path, peer: Peer(stream.connection), metadataIn: headers,
      deadline: head.timeout.map { ContinuousClock.now.advanced(by: $0) },
      contentType: head.contentType)
  }

  /// The headers are accepted: what follows counts against the deadline.
  func begin(endStream: Bool) {
    defer { isFollowed = true }
    if let timeout = head.timeout {
      guard timeout > .zero else { return fail(.deadlineExceeded) }
      timer = stream.connection.loop.schedule(after: timeout) { [weak self] in
        self?.fail(.deadlineExceeded)
      }
    }
    perform(change { $0.accepted() })
    if let message = head.message { return receivedData(message.span, endStream: true) }
    if endStream { requestEnded() }
  }

  // MARK: - What comes from the client

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    guard state.readsRequest else { return }
    do throws(RPCError) {
      var rest = bytes
      while let message = try reader.next(from: &rest) { received(message) }
    } catch {
      return fail(error)
    }
    guard keep() else { return fail(.tooMuchKept) }
    if endStream { requestEnded() } else { requestGoesOn(bytes.count) }
  }

  private func received(_ message: ReceivedMessage) {
    if head.method.kind.hasOneRequest { request = message } else { flow?.incoming.append(message) }
  }

  /// More of the request follows.
  private func requestGoesOn(_ count: Int) {
    if flow == nil { flow = MessageFlow(isWritable: true, isWanted: false) }
    flow?.received(count, on: stream)
    perform(change { $0.requestBegan() })
  }

  /// Counts what is kept of the request; false if that is too much for the connection.
  private func keep() -> Bool {
    let unread = flow?.incoming.unreadBytes ?? 0
    let count = reader.keptBytes + unread + (request?.bytes.count ?? 0)
    guard count > CallLimits.uncountedBytes || keptBytes > 0 else { return true }
    return keep(count)
  }

  private func keep(_ count: Int) -> Bool {
    guard count != keptBytes, let kept = running?.kept else { return true }
    guard kept.change(from: keptBytes, to: count, for: stream.connection) else { return false }
    keptBytes = count
    return true
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    if state.readsRequest { requestEnded() }
  }

  func timePassed(_ now: MonotonicTime) {
    guard head.method.kind.hasOneRequest, state.readsRequest, let running,
      running.isOverdue(since: start, now, on: stream.connection)
    else { return }
    fail(.slowRequest)
  }

  func becameWritable() { flow?.outgoing.open() }

  func closed(_ code: ErrorCode, connectionLost: Bool) {
    perform(change { $0.streamClosed() })
    flow?.end(.cancelled)
    stopTimer()
    isClosed = true
    if state.isOver { ended() }
  }

  /// Nothing is left of the call.
  private func ended() {
    request = nil
    _ = keep(0)
    running?.ended(kind, stream.connection)
  }

  private func requestEnded() {
    do throws(RPCError) { if let message = try reader.finish() { received(message) } } catch {
      fail(error)
      return perform(change { $0.requestEnded() })
    }
    if let flow {
      if let request = takeMessage() { flow.incoming.append(request) }
      flow.incoming.end()
    }
    perform(change { $0.requestEnded() })
  }

  // MARK: - What is done about it

  /// By way of a copy, which nobody else can be looking at: the runtime need not watch over it.
  private func change(
    _ event: (inout ServerCallState) -> ServerCallState.Effects
  ) -> ServerCallState.Effects {
    var new = state
    let effects = event(&new)
    state = new
    return effects
  }

  /// - Parameter answer: one message and success, success after the messages sent so far, or an
  ///   error.
  private func perform(
    _ effects: ServerCallState.Effects, _ answer: Result<[UInt8]?, RPCError>? = nil
  ) {
    if effects.contains(.startHandler) { startHandler() }
    if effects.contains(.sendAnswer), let answer { send(answer) }
    if effects.contains(.cancelHandler) { task?.cancel(self) }
  }

  private func fail(_ error: RPCError) {
    perform(change { $0.failed() }, .failure(error))
    flow?.end(error)
  }

  /// Runs the handler: here, if it does not wait for anything, else in a task.
  private func startHandler() {
    running?.started()
    guard isFollowed else { return startTask(atOnce: false) }
    do {
      switch try head.method.answer(self, context) {
      case .ready(let answer): handlerReturned(answer.frame)
      case .later(let rest):
        self.rest = rest
        startTask(atOnce: true)
      }
    } catch { handlerThrew(error) }
  }

  private func startTask(atOnce: Bool) {
    let task = stream.connection.loop.taskForWork()
    self.task = task
    task.start(self, atOnce: atOnce)
  }

  /// Runs what is left of the handler.
  ///
  /// Kept small, and what it calls not inlined: the frames of a task that fit into its first
  /// kilobyte cost no allocation.
  func run() async {
    do {
      if let rest = rest.take() {
        handlerReturned(try await rest().frame)
      } else {
        handlerReturned(try await head.method.answer(self, context).value.frame)
      }
    } catch {
      handlerThrew(error)
    }
  }

  @inline(never)
  private func handlerReturned(_ frame: [UInt8]?) {
    handlerFinished()
    perform(change { $0.handlerFinished() }, .success(frame))
    flow?.end(.callIsOver)
  }

  @inline(never)
  private func handlerThrew(_ error: any Error) {
    handlerFinished()
    perform(change { $0.handlerFinished() }, .failure(.wrapping(error)))
    flow?.end(.callIsOver)
  }

  private func handlerFinished() {
    running?.finished()
    task = nil
    // What it answers is already made.
    _ = keep(0)
    if isClosed { ended() }
  }

  // MARK: - What goes to the client

  private func send(_ answer: Result<[UInt8]?, RPCError>) {
    stopTimer()
    do throws(RPCError) {
      let frame = try answer.get()
      let additions = context.additions
      // What can fail does before anything is sent.
      let end = try form.success(additions?.trailing)
      if let frame {
        try send(frame, additions)
      } else {
        try beginResponse(responseCompression(additions), additions)
      }
      stream.send(end)
    } catch {
      sendFailure(error)
    }
  }

  private func send(
    _ frame: [UInt8], _ additions: ServerContext.Additions?, compressed: Bool = true
  ) throws(RPCError) {
    let compression = responseCompression(additions)
    let message = compressed ? try Framing.compress(frame, compression) : frame
    try beginResponse(compression, additions, message)
    stream.sendData(form.body(of: message))
  }

  private func responseCompression(_ additions: ServerContext.Additions?) -> Compression {
    compression ?? head.responseCompression(additions?.compressesResponses)
  }

  /// Sends the header fields, unless that is done.
  private func beginResponse(
    _ compression: Compression, _ additions: ServerContext.Additions?, _ message: [UInt8]? = nil
  ) throws(RPCError) {
    guard self.compression == nil else { return }
    var block = try form.headers(
      of: ResponseStart(
        head: head, compression: compression, additions: additions, message: message))
    page?.permit(&block)
    stream.sendHeaders(block)
    self.compression = compression
  }

  private func sendFailure(_ error: RPCError) {
    guard compression == nil else {
      return stream.send(form.failure(error, trailing: context.trailingMetadata))
    }
    var (block, end) = form.failure(alone: error, of: head.contentType, context.additions)
    page?.permit(&block)
    stream.send(block, end)
  }

  private func stopTimer() {
    timer?.cancel()
    timer = nil
  }
}

// MARK: - What a handler asks for

extension ServerCall: AnsweredCall {
  func takeRequest() -> [UInt8]? {
    // An interceptor may have gone on elsewhere.
    guard stream.connection.loop.inLoop, let message = takeMessage() else { return nil }
    if message.wasCompressed { context.noteCompressedRequest() }
    return message.bytes
  }

  private func takeMessage() -> ReceivedMessage? {
    defer { request = nil }
    return request
  }

  func waitForRequest() async throws(RPCError) -> [UInt8] {
    if let request = await stream.connection.loop.run({ self.takeRequest() }) { return request }
    guard let message = try await receive() else { throw MessageReader.wrongCount }
    if message.wasCompressed { context.noteCompressedRequest() }
    return message.bytes
  }
}

extension ServerCall {
  func receive() async throws(RPCError) -> ReceivedMessage? {
    guard let flow else { return nil }
    if flow.incoming.isEmpty {
      stream.connection.loop.perform { [stream] in flow.want(from: stream) }
    }
    let message = try await flow.incoming.next()
    if message != nil, flow.incoming.isEmpty { stream.connection.loop.perform { self.allRead() } }
    return message
  }

  /// Lets the client send on.
  private func allRead() {
    flow?.giveBack(to: stream)
    // Less than before, so never too much.
    if keptBytes > 0, !head.method.kind.hasOneRequest { _ = keep() }
  }

  func send(_ frame: [UInt8], compressed: Bool) async throws(RPCError) {
    try await flow?.outgoing.pass()
    try await stream.connection.loop.run { self.sendNow(frame, compressed: compressed) }.get()
  }

  private func sendNow(_ frame: [UInt8], compressed: Bool) -> Result<Void, RPCError> {
    guard state.sendsResponse else { return .failure(.callIsOver) }
    do throws(RPCError) {
      try send(frame, context.additions, compressed: compressed)
      flow?.wrote(to: stream)
      return .success(())
    } catch {
      return .failure(error)
    }
  }
}

extension RPCError {
  /// What a call ends with whose request has not come in time.
  fileprivate static var slowRequest: RPCError {
    RPCError(.deadlineExceeded, "the request did not come in time")
  }

  /// What a call ends with whose request does not fit beside the others of its connection.
  fileprivate static var tooMuchKept: RPCError {
    RPCError(.resourceExhausted, "the requests under way on this connection are too large together")
  }
}
