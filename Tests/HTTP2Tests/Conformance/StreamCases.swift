import HTTP2
import ScriptedPeer

extension ConformanceCase {
  /// RFC 9113, sections 3 to 5: the connection, frames as such, and the life of a stream.
  static let streamsAndFrames: [ConformanceCase] =
    preface + frameFormat + idleAndHalfClosed + closed + identifiers + extensions

  private static let protocolError = Outcome.connectionError([.protocolError])
  private static let frameSizeError = Outcome.connectionError([.frameSizeError])
  private static let streamClosed = Outcome.connectionError([.streamClosed])
  private static let open = Frame.headers(1, Fields.upload, end: false)
  private static let full = [UInt8](repeating: 1, count: 16_384)

  private static let preface: [ConformanceCase] = [
    ConformanceCase(
      "3.5/1", "a valid preface", Frame.preface + Frame.headers(1), is: .answers, isRaw: true),
    ConformanceCase(
      "3.5/2", "an invalid preface", Array("INVALID CONNECTION PREFACE\r\n\r\n".utf8),
      is: protocolError, isRaw: true),
  ]

  private static let frameFormat: [ConformanceCase] = [
    ConformanceCase(
      "4.1/1", "a frame of an unknown type", Frame.raw(0x16, 0, 0, [1, 2, 3, 4]), Frame.headers(1),
      is: .answers),
    ConformanceCase(
      "4.1/2", "flags that are not defined",
      Frame.raw(6, 0x16, 0, Array("12345678".utf8)), is: .pong(Array("12345678".utf8))),
    ConformanceCase(
      "4.1/3", "a reserved bit that is set", Frame.raw(6, 0, 1 << 31, Array("12345678".utf8)),
      is: .pong(Array("12345678".utf8))),
    ConformanceCase(
      "4.2/1", "DATA of the largest size", open, Frame.data(1, full, end: true), is: .answers),
    ConformanceCase(
      "4.2/2", "DATA above the largest size", open, Frame.data(1, full + [1], end: true),
      is: frameSizeError),
    ConformanceCase(
      "4.2/3", "HEADERS above the largest size",
      Frame.headers(1, Fields.request + full), is: frameSizeError),
    ConformanceCase(
      "4.3/1", "a header block that breaks off", Frame.headers(1, Fields.request + [0x40, 5, 1]),
      is: .connectionError([.compressionError])),
    ConformanceCase(
      "4.3/2", "PRIORITY within a header block", Frame.headers(1, Fields.get, flags: 0),
      Frame.priority(1), Frame.continuation(1, Fields.http + Fields.path), is: protocolError),
    ConformanceCase(
      "4.3/3", "HEADERS of another stream within a header block",
      Frame.headers(1, Fields.get, flags: 0), Frame.headers(3), is: protocolError),
  ]

  private static let idleAndHalfClosed: [ConformanceCase] = [
    ConformanceCase("5.1/1", "DATA on an idle stream", Frame.data(1, [1]), is: protocolError),
    ConformanceCase("5.1/2", "RST_STREAM on an idle stream", Frame.reset(1), is: protocolError),
    ConformanceCase(
      "5.1/3", "WINDOW_UPDATE on an idle stream", Frame.windowUpdate(1, 100), is: protocolError),
    ConformanceCase(
      "5.1/4", "CONTINUATION on an idle stream", Frame.continuation(1, Fields.request),
      is: protocolError),
    ConformanceCase(
      "5.1/5", "DATA on a half-closed stream", Frame.headers(1), Frame.data(1, [1]),
      is: streamClosed),
    ConformanceCase(
      "5.1/6", "HEADERS on a half-closed stream", Frame.headers(1), Frame.headers(1),
      is: streamClosed),
    ConformanceCase(
      "5.1/7", "CONTINUATION on a half-closed stream", Frame.headers(1),
      Frame.continuation(1, Fields.request), is: protocolError),
  ]

  private static let closed: [ConformanceCase] = [
    ConformanceCase(
      "5.1/8", "DATA after RST_STREAM", open, Frame.reset(1), Frame.data(1, [1]),
      is: streamClosed),
    ConformanceCase(
      "5.1/9", "HEADERS after RST_STREAM", open, Frame.reset(1), Frame.headers(1),
      is: streamClosed),
    ConformanceCase(
      "5.1/10", "CONTINUATION after RST_STREAM", open, Frame.reset(1),
      Frame.continuation(1, Fields.request), is: protocolError),
    ConformanceCase(
      "5.1/11", "DATA on a closed stream", flights: [Frame.headers(1), Frame.data(1, [1])],
      is: streamClosed),
    ConformanceCase(
      "5.1/12", "HEADERS on a closed stream", flights: [Frame.headers(1), Frame.headers(1)],
      is: streamClosed),
    ConformanceCase(
      "5.1/13", "CONTINUATION on a closed stream",
      flights: [Frame.headers(1), Frame.continuation(1, Fields.request)], is: protocolError),
  ]

  private static let identifiers: [ConformanceCase] = [
    ConformanceCase("5.1.1/1", "a stream with an even number", Frame.headers(2), is: protocolError),
    ConformanceCase(
      "5.1.1/2", "a stream with a lower number than the last", Frame.headers(5), Frame.headers(3),
      is: protocolError),
    ConformanceCase(
      "5.1.2/1", "one stream more than allowed",
      (0...100).flatMap { Frame.headers(2 * $0 + 1, Fields.upload, end: false) },
      is: .streamError(201, [.refusedStream])),
    // RFC 9113 has given priorities up, and with them this rule of RFC 7540.
    ConformanceCase(
      "5.3.1/1", "HEADERS that depend on themselves",
      Frame.headers(
        1, Frame.dependency(on: 1) + Fields.request, flags: Frame.endHeaders | Frame.priority),
      is: protocolError),
    ConformanceCase(
      "5.3.1/2", "PRIORITY that depends on itself", Frame.priority(1, on: 1), is: protocolError),
  ]

  private static let extensions: [ConformanceCase] = [
    ConformanceCase(
      "5.4.1/1", "an invalid frame closes the connection", Frame.ping([1, 2, 3]),
      is: frameSizeError),
    ConformanceCase(
      "5.4.1/2", "an error of the connection is said in GOAWAY", Frame.ping([]),
      is: frameSizeError),
    ConformanceCase(
      "5.5/1", "an extension frame between others", Frame.raw(0x20, 0, 0, [1]), Frame.headers(1),
      is: .answers),
    ConformanceCase(
      "5.5/2", "an extension frame within a header block", Frame.headers(1, Fields.get, flags: 0),
      Frame.raw(0x20, 0, 0, [1]), Frame.continuation(1, Fields.http + Fields.path),
      is: protocolError),
  ]
}
