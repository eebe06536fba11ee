internal import HTTP2
internal import Net
internal import RPC

/// A request that is not served: answers it, and lets what is left of it pass.
final class RefusedCall: StreamHandler {
  private let stream: Stream
  private let answer: (headers: HeaderBlock, end: ResponseEnd)
  private let isHeardAtOnce: Bool

  /// - Parameter preflight: what is answered instead to a browser that asks whether a page may call.
  init(
    _ stream: Stream, _ refusal: RPC.Refusal, page: CrossOrigin.Page?, preflight: HeaderBlock?
  ) {
    self.stream = stream
    var answer = refusal.response
    page?.permit(&answer.headers)
    self.answer = preflight.map { ($0, .none) } ?? answer
    isHeardAtOnce = refusal.isHeardAtOnce
  }

  /// A client of gRPC reads while it writes, so it learns at once; any other when it has said all,
  /// which is when HTTP's clients listen.
  func begin(endStream: Bool) {
    if isHeardAtOnce || endStream { stream.send(answer.headers, answer.end) }
  }

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    guard !isHeardAtOnce else { return }
    stream.consumed(bytes.count)
    if endStream { stream.send(answer.headers, answer.end) }
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    if !isHeardAtOnce { stream.send(answer.headers, answer.end) }
  }

  func becameWritable() {}
  func closed(_ code: ErrorCode, connectionLost: Bool) {}
}
