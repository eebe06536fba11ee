import Synchronization

/// One call within the process, as its handler sees it.
final class InProcessCall {
  let requests = InProcessPipe()
  let responses = InProcessPipe()
  let metadata = Eventual<Metadata>()
  private let head: RequestHead
  private let context: ServerContext
  private let requestReader: Mutex<MessageReader>
  private let response: Mutex<ResponseState>

  private struct ResponseState {
    /// How messages are compressed, once the headers have been sent.
    var compression: Compression?
    var reader: ResponseReader
    var isOver = false
    var trailing = Metadata()
  }

  init(_ head: RequestHead, _ context: ServerContext, limits: CallLimits) {
    self.head = head
    self.context = context
    requestReader = Mutex(
      MessageReader(head.compression, expectsOne: head.method.kind.hasOneRequest, limits: limits))
    response = Mutex(ResponseState(reader: ResponseReader(head.method.kind, limits: limits)))
  }

  var trailingMetadata: Metadata { response.withLock(\.trailing) }

  // MARK: - What the client does

  /// A bad request ends the call with its error.
  func received(_ frame: [UInt8]) throws(RPCError) {
    do throws(RPCError) {
      let message = try requestReader.withLock { reader throws(RPCError) in
        var bytes = frame.span
        return try reader.next(from: &bytes)
      }
      if let message { requests.append(message) }
    } catch {
      finish(.failure(error))
      throw error
    }
  }

  func requestEnded() {
    do throws(RPCError) {
      try requestReader.withLock { reader throws(RPCError) in _ = try reader.finish() }
      requests.end()
    } catch {
      finish(.failure(error))
    }
  }

  // MARK: - What the handler does

  /// Runs the handler until it is done or the deadline has passed.
  func run() async {
    guard let deadline = context.deadline else { return await runHandler() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.runHandler() }
      group.addTask {
        guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
        self.finish(.failure(.deadlineExceeded))
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func runHandler() async {
    do {
      let answer = try await head.method.answer(self, context).value
      if let frame = answer.frame { try await send(frame, compressed: true) }
      finish(.success(()))
    } catch {
      finish(.failure(.wrapping(error)), cuttingOff: false)
    }
  }

  func receive() async throws(RPCError) -> ReceivedMessage? { try await requests.receive() }

  func send(_ frame: [UInt8], compressed: Bool) async throws(RPCError) {
    try await responses.waitForRoom()
    let message = try response.withLock { state throws(RPCError) in
      if state.isOver { throw .callIsOver }
      let compression = try begin(&state)
      let frame = compressed ? try Framing.compress(frame, compression) : frame
      var bytes = frame.span
      return try state.reader.next(from: &bytes)
    }
    if let message { responses.append(message) }
  }

  /// Sends the headers, unless that is done.
  private func begin(_ state: inout ResponseState) throws(RPCError) -> Compression {
    if let compression = state.compression { return compression }
    let additions = context.additions
    let compression = head.responseCompression(additions?.compressesResponses)
    var headers = ResponseSink()
    headers.append(":status", "200")
    try head.append(
      to: &headers, compression: compression, metadata: additions?.initial ?? Metadata())
    _ = try state.reader.receivedHeaders(headers.fields, endStream: false)
    metadata.resolve(.success(state.reader.metadata))
    state.compression = compression
    return compression
  }

}

extension InProcessCall: AnsweredCall {
  func takeRequest() -> [UInt8]? { nil }

  func waitForRequest() async throws(RPCError) -> [UInt8] {
    guard let request = try await receive() else { throw MessageReader.wrongCount }
    if request.wasCompressed { context.noteCompressedRequest() }
    // A second request would fail the call before its handler runs.
    guard try await receive() == nil else { throw MessageReader.wrongCount }
    return request.bytes
  }
}

// MARK: - How it ends

extension InProcessCall {

  /// Ends the call, unless it has ended: the first outcome counts.
  ///
  /// - Parameter cuttingOff: whether nobody waits for the responses that there are already.
  func finish(_ outcome: Result<Void, RPCError>, cuttingOff: Bool = true) {
    let error = response.withLock { state -> RPCError?? in
      if state.isOver { return .none }
      state.isOver = true
      do throws(RPCError) {
        state.trailing = try received(outcome, &state)
        return .some(nil)
      } catch { return .some(error) }
    }
    guard let error else { return }
    responses.end(error, cuttingOff: cuttingOff)
    requests.end(.callIsOver)
    metadata.resolve(.failure(error ?? .callIsOver))
  }

  /// The trailing metadata as the client reads them.
  private func received(
    _ outcome: Result<Void, RPCError>, _ state: inout ResponseState
  ) throws(RPCError) -> Metadata {
    var trailers = ResponseSink()
    do throws(RPCError) {
      try outcome.get()
      _ = try begin(&state)
      trailers.append("grpc-status", "0")
      try context.trailingMetadata.append(to: &trailers)
    } catch {
      trailers = ResponseSink()
      error.append(to: &trailers, trailing: context.trailingMetadata)
    }
    return try state.reader.receivedTrailers(trailers.fields)
  }
}

/// Messages on their way in one direction, which hold back their writer while they are unread.
final class InProcessPipe: Sendable {
  private let queue = MessageQueue()
  private let gate = Gate(isOpen: true)

  func waitForRoom() async throws(RPCError) { try await gate.pass() }

  func append(_ message: ReceivedMessage) {
    queue.append(message)
    guard isFull else { return }
    gate.close()
    // The reader may have made room before the gate was closed.
    if !isFull { gate.open() }
  }

  func receive() async throws(RPCError) -> ReceivedMessage? {
    let message = try await queue.next()
    if !isFull { gate.open() }
    return message
  }

  func end(_ error: RPCError? = nil, cuttingOff: Bool = true) {
    queue.end(error, cuttingOff: cuttingOff)
    gate.end(error ?? .callIsOver)
  }

  private var isFull: Bool { queue.unreadBytes >= CallLimits.unreadBytes }
}

/// Reads what is written into it as the client would.
private struct ResponseSink: FieldSink {
  var fields = ResponseFields()

  mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>, isSensitive: Bool
  ) {
    fields.add(name: Array(name).span, value: Array(value).span)
  }
}
