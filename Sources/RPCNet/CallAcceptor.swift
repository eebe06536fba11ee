internal import HTTP2
internal import Net
internal import RPC
internal import Synchronization

/// Turns the streams of a server into calls.
///
/// Immutable: all loops share it without waiting for each other. What each loop counts for itself
/// lies in its own `RunningCalls`.
final class CallAcceptor: StreamAcceptor {
  private let methods: MethodTable
  private let limits: CallLimits
  private let crossOrigin: CrossOrigin?
  private let running: [RunningCalls]

  init(
    _ methods: MethodTable, limits: CallLimits, crossOrigin: CrossOrigin?, running: [RunningCalls]
  ) {
    self.methods = methods
    self.limits = limits
    self.crossOrigin = crossOrigin
    self.running = running
  }

  func accept(_ stream: Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
    var fields = RequestFields(for: methods)
    headers.forEachField { fields.add(name: $0, value: $1) }
    let target = fields.target
    let page = target.isNativeGRPC ? nil : crossOrigin?.page(headers)
    let running = runningCalls(on: stream)
    let head: RequestHead
    do { head = try Self.head(fields, headers) } catch {
      let preflight = target.verb == .options ? page?.preflight(headers) : nil
      let call = RefusedCall(stream, error, page: page, preflight: preflight, running: running)
      return refused(call, endStream)
    }
    switch running?.begin(head, on: stream.connection) ?? .taken(as: .usual) {
    case .shed(let shed) where target.isNativeGRPC: return shed.answer(stream)
    case .shed(let shed):
      let refusal = RPC.Refusal(shed.error, for: head.contentType)
      let call = RefusedCall(stream, refusal, page: page, preflight: nil, running: running)
      return refused(call, endStream)
    case .taken(let kind):
      let call = ServerCall(
        stream, head, metadataIn: headers, limits: limits, page: page, running: running, as: kind)
      call.begin(endStream: endStream)
      return call
    }
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

  /// How many calls have begun and not ended.
  var callsUnderWay: Int { running.reduce(0) { $0 + $1.underWay.load(ordering: .relaxed) } }

  /// Returns once every handler has returned, or `limit` has passed.
  func waitForHandlers(atMost limit: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      for calls in running { group.addTask { await calls.waitUntilNone(atMost: limit) } }
    }
  }
}
