import HTTP2
import ScriptedPeer

extension ConformanceCase {
  /// RFC 9113, section 6: what each kind of frame may look like.
  static let frameDefinitions: [ConformanceCase] =
    dataAndHeaders + priorityAndReset + settings + pingAndGoAway + continuation

  private static let protocolError = Outcome.connectionError([.protocolError])
  private static let frameSizeError = Outcome.connectionError([.frameSizeError])
  private static let open = Frame.headers(1, Fields.upload, end: false)

  private static let dataAndHeaders: [ConformanceCase] = [
    ConformanceCase("6.1/1", "DATA on stream 0", Frame.data(0, [1]), is: protocolError),
    ConformanceCase(
      "6.1/2", "DATA on a stream that is not open", Frame.headers(1), Frame.data(1, [1]),
      is: .connectionError([.streamClosed])),
    ConformanceCase(
      "6.1/3", "DATA with more padding than payload", open,
      Frame.data(1, [6, 0, 0, 0], end: true, flags: Frame.padded), is: protocolError),
    ConformanceCase(
      "6.2/1", "HEADERS interrupted by PRIORITY", Frame.headers(1, Fields.request, flags: 0),
      Frame.priority(1), is: protocolError),
    ConformanceCase(
      "6.2/2", "HEADERS interrupted by HEADERS of another stream",
      Frame.headers(1, Fields.request, flags: 0), Frame.headers(3), is: protocolError),
    ConformanceCase("6.2/3", "HEADERS on stream 0", Frame.headers(0), is: protocolError),
    ConformanceCase(
      "6.2/4", "HEADERS with more padding than payload",
      Frame.headers(1, [200] + Fields.request, flags: Frame.endHeaders | Frame.padded),
      is: protocolError),
  ]

  private static let priorityAndReset: [ConformanceCase] = [
    ConformanceCase("6.3/1", "PRIORITY on stream 0", Frame.priority(0), is: protocolError),
    ConformanceCase(
      "6.3/2", "PRIORITY that is not five bytes long", Frame.headers(1, end: false),
      Frame.raw(2, 0, 1, [0, 0, 0, 0]), is: frameSizeError),
    ConformanceCase("6.4/1", "RST_STREAM on stream 0", Frame.reset(0), is: protocolError),
    ConformanceCase("6.4/2", "RST_STREAM on an idle stream", Frame.reset(1), is: protocolError),
    ConformanceCase(
      "6.4/3", "RST_STREAM that is not four bytes long", open, Frame.raw(3, 0, 1, [0, 0, 0]),
      is: frameSizeError),
  ]

  private static let settings: [ConformanceCase] = [
    ConformanceCase(
      "6.5/1", "an acknowledgement with payload", Frame.settings([(3, 1)], flags: 1),
      is: frameSizeError),
    ConformanceCase(
      "6.5/2", "SETTINGS on a stream", Frame.raw(4, 0, 1, [0, 3, 0, 0, 0, 1]), is: protocolError),
    ConformanceCase(
      "6.5/3", "SETTINGS of half an entry", Frame.raw(4, 0, 0, [0, 3, 0]), is: frameSizeError),
    ConformanceCase(
      "6.5.2/1", "ENABLE_PUSH neither 0 nor 1", Frame.settings([(2, 2)]), is: protocolError),
    ConformanceCase(
      "6.5.2/2", "INITIAL_WINDOW_SIZE above the maximum", Frame.settings([(4, 1 << 31)]),
      is: .connectionError([.flowControlError])),
    ConformanceCase(
      "6.5.2/3", "MAX_FRAME_SIZE below the minimum", Frame.settings([(5, 16_383)]),
      is: protocolError),
    ConformanceCase(
      "6.5.2/4", "MAX_FRAME_SIZE above the maximum", Frame.settings([(5, 1 << 24)]),
      is: protocolError),
    ConformanceCase(
      "6.5.2/5", "a setting that nobody knows", Frame.settings([(0xFF, 1)]), is: .acknowledges(2)),
    ConformanceCase(
      "6.5.3/1", "of two values of a setting the last one counts",
      Frame.settings([(4, 100), (4, 1)]), Frame.headers(1), is: .data([1])),
    ConformanceCase(
      "6.5.3/2", "SETTINGS are acknowledged", Frame.settings([(3, 100)]), is: .acknowledges(2)),
  ]

  private static let pingAndGoAway: [ConformanceCase] = [
    ConformanceCase(
      "6.7/1", "PING is answered with its payload", Frame.ping([1, 2, 3, 4, 5, 6, 7, 8]),
      is: .pong([1, 2, 3, 4, 5, 6, 7, 8])),
    ConformanceCase(
      "6.7/2", "an acknowledgement of a PING is not answered",
      Frame.ping(Array("not mine".utf8), flags: Frame.acknowledgement), is: .nothing),
    ConformanceCase(
      "6.7/3", "PING on a stream", Frame.raw(6, 0, 1, [UInt8](repeating: 0, count: 8)),
      is: protocolError),
    ConformanceCase(
      "6.7/4", "PING that is not eight bytes long", Frame.ping([1]), is: frameSizeError),
    ConformanceCase("6.8/1", "GOAWAY on a stream", Frame.goAway(stream: 1), is: protocolError),
  ]

  private static let continuation: [ConformanceCase] = [
    ConformanceCase(
      "6.10/1", "several CONTINUATION after HEADERS", Frame.headers(1, Fields.request, flags: 0),
      Frame.continuation(1, Fields.long, flags: 0), Frame.continuation(1, Fields.long),
      is: .answers),
    ConformanceCase(
      "6.10/2", "CONTINUATION interrupted by DATA",
      Frame.headers(1, Fields.upload, end: false, flags: 0), Frame.continuation(1, flags: 0),
      Frame.data(1, [1]), is: protocolError),
    ConformanceCase(
      "6.10/3", "CONTINUATION on stream 0", Frame.headers(1, Fields.request, flags: 0),
      Frame.continuation(0), is: protocolError),
    ConformanceCase(
      "6.10/4", "CONTINUATION after complete HEADERS", open, Frame.continuation(1),
      is: protocolError),
    ConformanceCase(
      "6.10/5", "CONTINUATION after the last CONTINUATION",
      Frame.headers(1, Fields.upload, end: false, flags: 0), Frame.continuation(1),
      Frame.continuation(1), is: protocolError),
    ConformanceCase(
      "6.10/6", "CONTINUATION after DATA", open, Frame.data(1, [1]), Frame.continuation(1),
      is: protocolError),
  ]
}
