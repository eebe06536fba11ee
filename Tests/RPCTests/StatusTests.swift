import RPC
import Testing

struct StatusTests {
  @Test(arguments: [
    (200, StatusCode.unknown), (400, .internal), (401, .unauthenticated), (403, .permissionDenied),
    (404, .unimplemented), (429, .unavailable), (431, .internal), (500, .unknown),
    (502, .unavailable), (503, .unavailable), (504, .unavailable), (302, .unknown), (-1, .unknown),
  ])
  func `an HTTP status without a gRPC status has a code`(_ http: Int, _ code: StatusCode) {
    #expect(StatusCode(httpStatus: http) == code)
  }

  @Test(
    arguments: [
      (0x0, StatusCode.internal), (0x1, .internal), (0x2, .internal), (0x3, .internal),
      (0x6, .internal), (0x9, .internal), (0x7, .unavailable), (0x8, .cancelled),
      (0xb, .resourceExhausted), (0xc, .permissionDenied), (0xffff_ffff, .unknown),
    ] as [(UInt32, StatusCode)])
  func `a reset stream has a code`(_ http2: UInt32, _ code: StatusCode) {
    #expect(StatusCode(streamReset: http2) == code)
  }

  @Test func `a call cancelled by its server at its deadline has exceeded it`() {
    let now = ContinuousClock.now
    let cancelled = RPCError(.cancelled, "the server reset the call: CANCEL")
    let margin = RPCError.deadlineMargin
    for (left, code) in [
      (Duration.seconds(-1), StatusCode.deadlineExceeded), (.zero, .deadlineExceeded),
      (margin, .deadlineExceeded), (margin + .nanoseconds(1), .cancelled),
      (.seconds(1), .cancelled),
    ] {
      #expect(cancelled.considering(deadline: now + left, at: now).code == code)
    }
    #expect(cancelled.considering(deadline: nil, at: now).code == .cancelled)
    let other = RPCError(.unavailable, "gone")
    #expect(other.considering(deadline: now, at: now).code == .unavailable)
  }

  @Test func `there are seventeen codes and no more`() {
    #expect((0...16).compactMap(StatusCode.init(rawValue:)).map(\.rawValue) == Array(0...16))
    #expect(StatusCode(rawValue: 17) == nil)
    #expect(StatusCode(rawValue: -1) == nil)
    #expect(StatusCode.unauthenticated.description == "UNAUTHENTICATED")
  }

  private struct Secret: Error { let text = "password" }

  @Test func `a stranger's error does not leave the process`() {
    let error = RPCError.wrapping(Secret())
    #expect(error.code == .unknown)
    #expect(error.message == "internal error")
    #expect(error.cause is Secret)
    #expect(!"\(error)".contains("password"))
    #expect(RPCError.wrapping(CancellationError()).code == .cancelled)
    #expect(RPCError.wrapping(RPCError(.notFound, "none")).code == .notFound)
  }
}

struct PercentEncodingTests {
  @Test(arguments: [
    ("", ""), ("plain text", "plain text"), ("a%b 谷\r\nx", "a%25b %E8%B0%B7%0D%0Ax"),
    ("~\u{7f}", "~%7F"), ("☺😈\t", "%E2%98%BA%F0%9F%98%88%09"),
  ])
  func `a message is percent-encoded and comes back`(_ text: String, _ encoded: String) {
    #expect(PercentEncoding.encode(text) == Array(encoded.utf8))
    #expect(PercentEncoding.decode(encoded) == text)
  }

  @Test func `T47 every scalar of every plane comes back`() {
    for plane: UInt32 in 0...16 {
      for low in stride(from: UInt32(0), to: 0x10000, by: 97) {
        guard let scalar = Unicode.Scalar(plane << 16 | low) else { continue }
        let text = String(Character(scalar))
        let back = PercentEncoding.decode(PercentEncoding.encode(text).span)
        #expect(back.utf8.elementsEqual(text.utf8))
      }
    }
  }

  @Test(arguments: [
    ("%", "%"), ("%z", "%z"), ("%zz", "%zz"), ("%4", "%4"), ("100%25%", "100%%"),
    ("%e8%b0%B7", "谷"), ("%ff", "\u{fffd}"), ("%%41", "%A"),
  ])
  func `T47 decoding never fails`(_ encoded: String, _ text: String) {
    #expect(PercentEncoding.decode(encoded) == text)
  }

  @Test func `T47 any bytes at all decode to something`() {
    var generator = SystemRandomNumberGenerator()
    for length in 0..<500 {
      let bytes = (0..<length).map { _ in
        Bool.random(using: &generator) ? UInt8(ascii: "%") : UInt8.random(in: 0...255)
      }
      _ = PercentEncoding.decode(bytes.span)
    }
  }
}
