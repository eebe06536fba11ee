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
  private let crossOrigin: CrossOrigin?
  private let running: [RunningCalls]

  init(_ methods: MethodTable, limits: CallLimits, crossOrigin: CrossOrigin?, loops: [EventLoop]) {
    self.methods = methods
    self.limits = limits
    self.crossOrigin = crossOrigin
    running = loops.map(RunningCalls.init)
  }

  func accept(_ stream: Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
    var fields = RequestFields(for: methods)
    headers.forEachField { fields.add(name: $0, value: $1) }
    let target = fields.target
    let page = target.isNativeGRPC ? nil : crossOrigin?.page(headers)
    let head: RequestHead
    do { head = try Self.head(fields, headers) } catch {
      let preflight = target.verb == .options ? page?.preflight(headers) : nil
      return refused(RefusedCall(stream, error, page: page, preflight: preflight), endStream)
    }
    let call = ServerCall(
      stream, head, metadataIn: headers, limits: limits, page: page,
      running: runningCalls(on: stream))
    call.begin(endStream: endStream)
    return call
  }

  private func refused(_ call: RefusedCall, _ endStream: Bool) -> any StreamHandler {
    call.begin(endStream: endStream)
    return call
  }

  /// The protocol is chosen here, once.
  private static func head(
    _ fields: consuming RequestFields, _ headers: HeaderBlock
  ) throws(RPC.Refusal) -> RequestHead {
    if fields.target.isGRPC { return try fields.finish() }
    var connect = ConnectFields(fields.target)
    headers.forEachField { connect.add(name: $0, value: $1) }
    return try connect.finish()
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
