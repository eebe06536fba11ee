import HTTP2
import Net

/// Answers each request with its own body, piece by piece as it comes, and a trailer.
struct EchoAcceptor: StreamAcceptor {
  static let headers = HeaderBlock([":status": "200", "content-type": "application/octet-stream"])
  static let trailers = HeaderBlock(["echo-status": "0"])

  func accept(_ stream: Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
    stream.sendHeaders(Self.headers)
    let echo = Echo(stream)
    if endStream { stream.sendTrailers(Self.trailers) }
    return echo
  }

  final class Echo: StreamHandler {
    private let stream: Stream

    init(_ stream: Stream) { self.stream = stream }

    func receivedHeaders(_: HeaderBlock, endStream: Bool) {}

    func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
      stream.sendData(Array(bytes))
      stream.consumed(bytes.count)
      if endStream { stream.sendTrailers(EchoAcceptor.trailers) }
    }

    func receivedTrailers(_: HeaderBlock) { stream.sendTrailers(EchoAcceptor.trailers) }
    func becameWritable() {}
    func closed(_: ErrorCode, connectionLost: Bool) {}
  }
}

extension Array where Element == UInt8 {
  /// What a span holds.
  init(_ span: Span<UInt8>) {
    self.init()
    reserveCapacity(span.count)
    for index in span.indices { append(span[index]) }
  }
}

/// What a client saw of one stream.
struct Answer: Sendable {
  var headers = HeaderBlock()
  var body: [UInt8] = []
  var trailers = HeaderBlock()
  var code = ErrorCode.noError
  var connectionLost = false
}

/// Collects an answer and hands it over once the stream has closed.
final class Collector: StreamHandler {
  private var answer = Answer()
  private let done: (Answer) -> Void
  var stream: Stream?

  init(_ done: @escaping (Answer) -> Void) { self.done = done }

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) { answer.headers = headers }

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    answer.body += Array(bytes)
    stream?.consumed(bytes.count)
  }

  func receivedTrailers(_ trailers: HeaderBlock) { answer.trailers = trailers }
  func becameWritable() {}

  func closed(_ code: ErrorCode, connectionLost: Bool) {
    (answer.code, answer.connectionLost) = (code, connectionLost)
    done(answer)
  }
}

extension Connection {
  static let request = HeaderBlock([
    ":method": "POST", ":scheme": "http", ":path": "/echo", ":authority": "test",
  ])

  /// One request with `body`, from any thread.
  func echo(_ body: [UInt8]) async -> Answer {
    await withCheckedContinuation { continuation in
      loop.execute {
        let collector = Collector { continuation.resume(returning: $0) }
        do throws(NetError) {
          let stream = try self.openStream(Self.request, handler: collector)
          collector.stream = stream
          stream.sendData(body, endStream: true)
        } catch {
          continuation.resume(returning: Answer(connectionLost: true))
        }
      }
    }
  }
}
