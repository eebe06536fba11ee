internal import HTTP2
internal import Net
internal import RPC

/// Turns the streams of a server into calls.
///
/// Immutable: all loops share it without waiting for each other. What each loop counts for itself
/// lies in its own `RunningCalls`.
final class CallAcceptor: StreamAcceptor {
  private let methods: MethodTable
  private let limits: CallLimits
  private let running: [RunningCalls]

  init(_ methods: MethodTable, limits: CallLimits, loops: [EventLoop]) {
    self.methods = methods
    self.limits = limits
    running = loops.map(RunningCalls.init)
  }

  func accept(_ stream: Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
    var fields = RequestFields(for: methods)
    headers.forEachField { fields.add(name: $0, value: $1) }
    let head: RequestHead
    do { head = try fields.finish() } catch {
      let call = RefusedCall(stream, error)
      call.begin(endStream: endStream)
      return call
    }
    let call = ServerCall(
      stream, head, metadataIn: headers, limits: limits, running: runningCalls(on: stream))
    call.begin(endStream: endStream)
    return call
  }

  private func runningCalls(on stream: Stream) -> RunningCalls? {
    let loop = stream.connection.loop
    return running.first { $0.loop === loop }
  }

  /// Returns once every handler has returned, or `limit` has passed.
  func waitForHandlers(atMost limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      for calls in running { group.addTask { await calls.waitUntilNone(atMost: limit) } }
    }
  }
}

/// A request that is not served: answers it, and lets what is left of it pass.
private final class RefusedCall: StreamHandler {
  private let stream: Stream
  private let refusal: RPC.Refusal

  init(_ stream: Stream, _ refusal: RPC.Refusal) {
    self.stream = stream
    self.refusal = refusal
  }

  /// A client of gRPC reads while it writes, so it learns at once; any other when it has said all,
  /// which is when HTTP's clients listen.
  func begin(endStream: Bool) {
    if refusal.httpStatus == 200 || endStream { answer() }
  }

  private func answer() {
    stream.sendHeaders(HeaderBlocks.refusal(refusal), endStream: !refusal.hasBody)
    // Whoever does not speak gRPC may be a person with a browser.
    if refusal.hasBody { stream.sendData(Array("gRPC only\n".utf8), endStream: true) }
  }

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    guard refusal.httpStatus != 200 else { return }
    stream.consumed(bytes.count)
    if endStream { answer() }
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    if refusal.httpStatus != 200 { answer() }
  }

  func becameWritable() {}
  func closed(_ code: ErrorCode, connectionLost: Bool) {}
}

/// The handlers that run on one loop, so that a server can wait for what it started.
///
/// `@unchecked Sendable`: what is mutable is touched only on the thread of `loop`.
final class RunningCalls: @unchecked Sendable {
  let loop: EventLoop
  private var count = 0
  private var whenNone: [() -> Void] = []

  init(on loop: EventLoop) { self.loop = loop }

  func started() { count += 1 }

  func finished() {
    count -= 1
    guard count == 0, !whenNone.isEmpty else { return }
    let actions = whenNone
    whenNone = []
    for action in actions { action() }
  }

  /// A handler that does not heed its cancellation is waited for no longer than `limit`.
  func waitUntilNone(atMost limit: Duration) async {
    await withCheckedContinuation { continuation in
      loop.execute {
        guard self.count > 0 else { return continuation.resume() }
        var waiting: CheckedContinuation<Void, Never>? = continuation
        let resume = {
          waiting?.resume()
          waiting = nil
        }
        self.whenNone.append(resume)
        self.loop.schedule(after: limit, resume)
      }
    }
  }
}
