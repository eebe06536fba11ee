import HTTP2
import ScriptedPeer

extension ConformanceCase {
  /// RFC 9113, sections 7 and 8: error codes, and HTTP in terms of frames.
  static let messageRules: [ConformanceCase] =
    codes + fields + pseudoFields + requiredFields + lengths + push

  private static let malformed = Outcome.streamError(1, [.protocolError])
  private static let open = Frame.headers(1, Fields.upload, end: false)

  /// A request with a block that makes it malformed.
  private static func refuses(_ id: String, _ rule: String, _ block: [UInt8]) -> ConformanceCase {
    ConformanceCase(id, rule, Frame.headers(1, block), is: malformed)
  }

  private static let codes: [ConformanceCase] = [
    ConformanceCase(
      "7/1", "GOAWAY with a code that nobody knows", open, Frame.goAway(0xFF), is: .nothing),
    ConformanceCase(
      "7/2", "RST_STREAM with a code that nobody knows", open, Frame.reset(1, 0xFF), is: .nothing),
  ]

  private static let fields: [ConformanceCase] = [
    ConformanceCase(
      "8.1/1", "trailers that do not end the stream", open, Frame.data(1, [1]),
      Frame.headers(1, Fields.literal("x-check", "1"), end: false), is: malformed),
    refuses(
      "8.1.2/1", "a name with upper case", Fields.request + Fields.literal("X-Check", "1")),
    refuses(
      "8.1.2.1/1", "an unknown pseudo-header field", Fields.request + Fields.literal(":check", "1")),
    refuses(
      "8.1.2.1/2", "a pseudo-header field of responses",
      Fields.request + Fields.literal(":status", "200")),
    ConformanceCase(
      "8.1.2.1/3", "a pseudo-header field in trailers", open, Frame.data(1, [1]),
      Frame.headers(1, Fields.literal(":method", "GET")), is: malformed),
    refuses(
      "8.1.2.1/4", "a pseudo-header field after others",
      Fields.get + Fields.http + Fields.literal("x-check", "1") + Fields.path),
    refuses(
      "8.1.2.2/1", "a field about the connection",
      Fields.request + Fields.literal("connection", "keep-alive")),
    refuses(
      "8.1.2.2/2", "TE with something else than trailers",
      Fields.request + Fields.literal("te", "trailers, deflate")),
  ]

  private static let pseudoFields: [ConformanceCase] = [
    refuses(
      "8.1.2.3/1", "an empty path",
      Fields.get + Fields.http + Fields.literal(":path", "") + Fields.authority),
    refuses("8.1.2.3/5", "two methods", Fields.request + Fields.get),
    refuses("8.1.2.3/6", "two schemes", Fields.request + Fields.http),
    refuses("8.1.2.3/7", "two paths", Fields.request + Fields.path),
  ]

  private static let requiredFields: [ConformanceCase] = [
    refuses("8.1.2.3/2", "no method", Fields.http + Fields.path + Fields.authority),
    refuses("8.1.2.3/3", "no scheme", Fields.get + Fields.path + Fields.authority),
    refuses("8.1.2.3/4", "no path", Fields.get + Fields.http + Fields.authority),
  ]

  private static let lengths: [ConformanceCase] = [
    ConformanceCase(
      "8.1.2.6/1", "a body that is not as long as announced",
      Frame.headers(1, Fields.upload + Fields.literal("content-length", "1"), end: false),
      Frame.data(1, [1, 2, 3, 4], end: true), is: malformed),
    ConformanceCase(
      "8.1.2.6/2", "a body in pieces that is not as long as announced",
      Frame.headers(1, Fields.upload + Fields.literal("content-length", "1"), end: false),
      Frame.data(1, [1]), Frame.data(1, [2], end: true), is: malformed),
  ]

  private static let push: [ConformanceCase] = [
    ConformanceCase(
      "8.2/1", "PUSH_PROMISE from a client", open,
      Frame.raw(5, Frame.endHeaders, 1, Frame.bytes(3) + Fields.request),
      is: .connectionError([.protocolError]))
  ]
}
