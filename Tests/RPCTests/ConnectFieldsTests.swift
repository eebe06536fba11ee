import Protobuf
import RPC
import Testing

/// How requests of Connect are read: the rules are those of connectrpc.com/docs/protocol.
struct ConnectFieldsTests {
  private struct Readable: Service {
    func register(in router: inout Router) {
      let read = MethodDescriptor<Blob, Blob>(
        service: "t.Echo", method: "Read", kind: .unary, idempotency: .noSideEffects)
      router.unary(read) { request, _ in request }
      let watch = MethodDescriptor<Blob, Blob>(
        service: "t.Echo", method: "Watch", kind: .serverStreaming)
      router.serverStreaming(watch) { _, _, _ in }
    }
  }

  private let methods = MethodTable(Router([Echo(), Readable()]))

  private func finish(_ changes: [(String, String?)]) -> Result<RequestHead, Refusal> {
    var all: [(String, String)] = [
      (":method", "POST"), (":path", "/t.Echo/Do"), ("content-type", "application/json"),
    ]
    for (name, value) in changes {
      all.removeAll { $0.0 == name }
      if let value { all.append((name, value)) }
    }
    var fields = RequestFields(for: methods)
    for (name, value) in all { fields.add(name: name.utf8.span, value: value.utf8.span) }
    #expect(!fields.target.isGRPC)
    var connect = ConnectFields(fields.target)
    for (name, value) in all { connect.add(name: name.utf8.span, value: value.utf8.span) }
    do throws(Refusal) { return .success(try connect.finish()) } catch { return .failure(error) }
  }

  @Test(
    arguments: [
      ("content-type", "application/proto", 200, 0),
      ("content-type", "application/json; charset=utf-8", 200, 0),
      ("content-type", "application/connect+json", 415, 3),
      (":path", "/t.Echo/Watch", 415, 3), (":path", "/t.Echo/Undo", 404, 12),
      (":path", "/t.Echo/Do?x", 404, 12), (":method", "PUT", 405, 13), (":method", "GET", 405, 13),
      ("connect-protocol-version", "1", 200, 0), ("connect-protocol-version", "2", 200, 3),
      ("connect-timeout-ms", "0", 200, 0), ("connect-timeout-ms", "9999999999", 200, 0),
      ("connect-timeout-ms", "10000000000", 200, 3), ("connect-timeout-ms", "-1", 200, 3),
      ("connect-timeout-ms", "", 200, 3), ("connect-timeout-ms", "1.5", 200, 3),
      ("content-encoding", "gzip", 200, 0), ("content-encoding", "br", 200, 12),
      ("a-bin", "qw", 200, 0), ("a-bin", "q", 200, 3), ("grpc-timeout", "x", 200, 0),
    ] as [(String, String, Int, Int)])
  func `a POST is accepted or refused`(
    _ name: String, _ value: String, _ httpStatus: Int, _ code: Int
  ) {
    switch finish([(name, value)]) {
    case .success: #expect(code == 0)
    case .failure(let refusal):
      #expect(refusal.httpStatus == httpStatus)
      #expect(refusal.error.code.rawValue == code)
    }
  }

  @Test(
    arguments: [
      ("encoding=json&message=%7B%7D", "{}", 200, 0),
      ("connect=v1&encoding=json&base64=1&message=e30", "{}", 200, 0),
      ("message=e30%3D&base64=1&encoding=json&other=x", "{}", 200, 0),
      ("encoding=json&message=a+b%2Bc", "a b+c", 200, 0),
      ("encoding=json&base64=1&message=-_8", "\u{fffd}\u{fffd}", 200, 0),
      ("encoding=json&base64=2&message=e30", "e30", 200, 0),
      ("encoding=proto&message=", "", 200, 0),
      ("encoding=json", nil, 200, 3), ("message=%7B%7D", nil, 415, 3),
      ("encoding=xml&message=", nil, 415, 3), ("encoding=json&message=a&base64=1", nil, 200, 3),
      ("connect=v2&encoding=json&message=", nil, 200, 3),
      ("compression=br&encoding=json&message=", nil, 200, 12), ("", nil, 415, 3),
    ] as [(String, String?, Int, Int)])
  func `a GET is accepted or refused`(
    _ query: String, _ message: String?, _ httpStatus: Int, _ code: Int
  ) {
    let path = "/t.Echo/Read?\(query)"
    switch finish([(":method", "GET"), (":path", path), ("content-type", nil)]) {
    case .success(let head):
      #expect(code == 0)
      #expect(head.message.map { String(decoding: $0, as: UTF8.self) } == message)
    case .failure(let refusal):
      #expect(refusal.httpStatus == httpStatus)
      #expect(refusal.error.code.rawValue == code)
    }
  }

  @Test(
    arguments: [
      (nil, nil, Compression.identity), ("gzip", nil, .gzip), (nil, "gzip", .gzip),
      (nil, "br, deflate;q=0.5, gzip", .deflate), (nil, "gzip;q=0, identity", .identity),
      ("gzip", "identity", .identity), (nil, "deflate, gzip, br, zstd", .deflate),
    ] as [(String?, String?, Compression)])
  func `the response is compressed in the first way that the client names`(
    _ encoding: String?, _ accepted: String?, _ expected: Compression
  ) throws {
    let head = try finish([("content-encoding", encoding), ("accept-encoding", accepted)]).get()
    #expect(head.responseCompression(nil) == expected)
    #expect(head.responseCompression(false) == .identity)
  }
}

struct WebBodyTests {
  /// `AQI` and `Aw` with padding of their own, then a third part without any.
  @Test func `base64 is the same wherever it is cut, padding in the middle included`() throws {
    let text = Array("AAAAAAIHCA==AAAAAAEJ".utf8)
    for first in 0...text.count {
      for second in first...text.count {
        var reader = MessageReader(
          .identity, form: .base64Frames, expectsOne: false, limits: CallLimits())
        var messages: [[UInt8]] = []
        for piece in [text[..<first], text[first..<second], text[second...]] {
          let piece = Array(piece)
          var bytes = piece.span
          while let message = try reader.next(from: &bytes) { messages.append(message.bytes) }
        }
        _ = try reader.finish()
        #expect(messages == [[7, 8], [9]])
      }
    }
  }

  @Test(arguments: ["AAAAAAIHCA=", "AAAA*AAA", "A", "====", "AAAAAAIHC"])
  func `what is not base64 is refused`(_ text: String) {
    #expect(throws: RPCError.self) {
      var reader = MessageReader(
        .identity, form: .base64Frames, expectsOne: false, limits: CallLimits())
      let body = Array(text.utf8)
      var bytes = body.span
      while try reader.next(from: &bytes) != nil {}
      _ = try reader.finish()
    }
  }

  @Test(arguments: [(3, true), (4, true), (5, false)])
  func `a body without frames is held to the limit`(_ count: Int, _ isGood: Bool) {
    var reader = MessageReader(
      .identity, form: .bare, expectsOne: true, limits: CallLimits(messageBytes: 4))
    let body = [UInt8](repeating: 1, count: count)
    var message: ReceivedMessage?
    do throws(RPCError) {
      var bytes = body.span
      _ = try reader.next(from: &bytes)
      message = try reader.finish()
    } catch { #expect(error.code == .resourceExhausted) }
    #expect((message?.bytes == body) == isGood)
  }
}
