internal import HTTP2
internal import Linux
internal import Net
internal import RPC

/// A request that is not served: answers it, and lets what is left of it pass.
final class RefusedCall: StreamHandler {
  private let stream: Stream
  private let answer: (headers: HeaderBlock, end: ResponseEnd)
  private let isHeardAtOnce: Bool
  private let running: RunningCalls?
  private let start: MonotonicTime
  private var isAnswered = false

  /// - Parameter preflight: what is answered instead to a browser that asks whether a page may call.
  init(
    _ stream: Stream, _ refusal: RPC.Refusal, page: CrossOrigin.Page?, preflight: HeaderBlock?,
    running: RunningCalls?
  ) {
    self.stream = stream
    self.running = running
    start = stream.connection.loop.now
    var answer = refusal.response
    page?.permit(&answer.headers)
    self.answer = preflight.map { ($0, .none) } ?? answer
    isHeardAtOnce = refusal.isHeardAtOnce
  }

  /// A client of gRPC reads while it writes, so it learns at once; any other when it has said all,
  /// which is when HTTP's clients listen.
  func begin(endStream: Bool) {
    if isHeardAtOnce || endStream { send() }
  }

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    guard !isHeardAtOnce else { return }
    stream.consumed(bytes.count)
    if endStream { send() }
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    if !isHeardAtOnce { send() }
  }

  /// Whoever does not get to the end of its request is answered before it.
  func timePassed(_ now: MonotonicTime) {
    guard !isAnswered, let running, running.isOverdue(since: start, now, on: stream.connection)
    else { return }
    send()
  }

  private func send() {
    isAnswered = true
    stream.send(answer.headers, answer.end)
  }

  func becameWritable() {}
  func closed(_ code: ErrorCode, connectionLost: Bool) {}
}
