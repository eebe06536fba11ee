import ScriptedPeer

extension ConformanceCase {
  /// What every client does and every server has to take: RFC 9113, sections 3 to 8.
  static let generic: [ConformanceCase] = connection + streams + frames + messages

  private static let connection: [ConformanceCase] = [
    ConformanceCase(
      "generic 1/1", "a preface is met with settings", Frame.preface, is: .acknowledges(1),
      isRaw: true)
  ]

  private static let streams: [ConformanceCase] = [
    ConformanceCase(
      "generic 2/1", "PRIORITY on an idle stream", Frame.priority(1), Frame.headers(1),
      is: .answers),
    ConformanceCase(
      "generic 2/2", "WINDOW_UPDATE on a half-closed stream", Frame.headers(1),
      Frame.windowUpdate(1, 1), is: .answers),
    ConformanceCase(
      "generic 2/3", "PRIORITY on a half-closed stream", Frame.headers(1), Frame.priority(1),
      is: .answers),
    ConformanceCase(
      "generic 2/4", "RST_STREAM on a half-closed stream", Frame.headers(1), Frame.reset(1),
      is: .nothing),
    ConformanceCase(
      "generic 2/5", "PRIORITY on a closed stream",
      flights: [Frame.headers(1), Frame.priority(1)], is: .answers),
  ]

  private static let frames: [ConformanceCase] = [
    ConformanceCase(
      "generic 3.1/1", "a body in one DATA", Frame.headers(1, Fields.upload, end: false),
      Frame.data(1, [1, 2, 3], end: true), is: .answers),
    ConformanceCase(
      "generic 3.1/2", "a body in several DATA", Frame.headers(1, Fields.upload, end: false),
      Frame.data(1, [1]), Frame.data(1, [2]), Frame.data(1, [3], end: true), is: .answers),
    ConformanceCase(
      "generic 3.1/3", "DATA with padding", Frame.headers(1, Fields.upload, end: false),
      Frame.data(1, [2, 1, 0, 0], end: true, flags: Frame.padded), is: .answers),
    ConformanceCase("generic 3.2/1", "HEADERS", Frame.headers(1), is: .answers),
    ConformanceCase(
      "generic 3.2/2", "HEADERS with padding",
      Frame.headers(1, [2] + Fields.request + [0, 0], flags: Frame.endHeaders | Frame.padded),
      is: .answers),
    ConformanceCase(
      "generic 3.2/3", "HEADERS with a priority",
      Frame.headers(
        1, Frame.dependency(on: 0) + Fields.request, flags: Frame.endHeaders | Frame.priority),
      is: .answers),
    ConformanceCase(
      "generic 3.3/1", "PRIORITY with the least weight", Frame.priority(1, weight: 0),
      Frame.headers(1), is: .answers),
    ConformanceCase(
      "generic 3.3/2", "PRIORITY with the greatest weight", Frame.priority(1, weight: 255),
      Frame.headers(1), is: .answers),
    ConformanceCase(
      "generic 3.3/3", "PRIORITY that depends on another stream", Frame.priority(1, on: 3),
      Frame.headers(1), is: .answers),
    ConformanceCase(
      "generic 3.3/4", "PRIORITY that depends on another alone",
      Frame.priority(1, on: 3, exclusive: true), Frame.headers(1), is: .answers),
    ConformanceCase(
      "generic 3.3/5", "PRIORITY for a higher stream closes no lower one", Frame.priority(5),
      Frame.headers(1), is: .answers),
    ConformanceCase(
      "generic 3.4/1", "RST_STREAM", Frame.headers(1, end: false), Frame.reset(1), is: .nothing),
    ConformanceCase(
      "generic 3.5/1", "SETTINGS", Frame.settings([(3, 100), (4, 65_535)]), is: .acknowledges(2)),
    ConformanceCase(
      "generic 3.7/1", "PING", Frame.ping(Array("12345678".utf8)),
      is: .pong(Array("12345678".utf8))),
    ConformanceCase(
      "generic 3.8/1", "GOAWAY while a stream is under way",
      Frame.headers(1, Fields.upload, end: false), Frame.goAway(), is: .nothing),
    ConformanceCase(
      "generic 3.9/1", "WINDOW_UPDATE of the connection", Frame.windowUpdate(0, 1),
      Frame.headers(1), is: .answers),
    ConformanceCase(
      "generic 3.9/2", "WINDOW_UPDATE of a stream", Frame.headers(1, end: false),
      Frame.windowUpdate(1, 1), Frame.data(1, end: true), is: .answers),
    ConformanceCase(
      "generic 3.10/1", "one CONTINUATION", Frame.headers(1, Fields.get, flags: 0),
      Frame.continuation(1, Fields.http + Fields.path + Fields.authority), is: .answers),
    ConformanceCase(
      "generic 3.10/2", "several CONTINUATION", Frame.headers(1, Fields.get, flags: 0),
      Frame.continuation(1, Fields.http, flags: 0), Frame.continuation(1, Fields.path, flags: 0),
      Frame.continuation(1, Fields.authority), is: .answers),
  ]

  private static let messages: [ConformanceCase] = [
    ConformanceCase("generic 4/1", "GET", Frame.headers(1), is: .answers),
    ConformanceCase(
      "generic 4/2", "HEAD",
      Frame.headers(
        1, Fields.literal(":method", "HEAD") + Fields.http + Fields.path + Fields.authority),
      is: .nothing),
    ConformanceCase(
      "generic 4/3", "POST", Frame.headers(1, Fields.upload, end: false),
      Frame.data(1, [1], end: true), is: .answers),
    ConformanceCase(
      "generic 4/4", "POST with trailers", Frame.headers(1, Fields.upload, end: false),
      Frame.data(1, [1]), Frame.headers(1, Fields.literal("x-check", "1")), is: .answers),
  ]
}
