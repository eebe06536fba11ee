import Protobuf
import RPC
import Testing

/// T39: what servers answer in Connect and gRPC-Web, good and bad, and what a client makes of it.
///
/// Rewritten from the client's suites of connectrpc/conformance ("unexpected responses", "error and
/// end-stream", "trailers", "HTTP to code", "empty"). Where they allow two codes, one is ours.
/// Accepted deviation: 431 is INTERNAL in gRPC and gRPC-Web, as gRPC's own table has it
/// (`http-grpc-status-mapping.md`); the suite has UNKNOWN.
struct WebResponseTests {
  /// An answer, and what comes of it.
  struct Case: CustomTestStringConvertible {
    let name: String
    let kind: MethodKind
    let type: ContentType
    let status: String
    let fields: [(String, String)]
    let body: [UInt8]
    let code: StatusCode?
    var message: String?
    var messages = 0
    var trailing: [String] = []

    var testDescription: String { "\(type.name): \(name)" }
  }

  /// A frame with text in it.
  private static func frame(_ text: String, _ flags: UInt8 = 0) -> [UInt8] {
    Framing.end(Array(text.utf8), flag: flags)
  }

  private static func unary(
    _ name: String, _ status: String, _ body: String, _ code: StatusCode?,
    _ message: String? = nil, type: String = "application/json",
    fields: [(String, String)] = [], messages: Int = 0, trailing: [String] = []
  ) -> Case {
    Case(
      name: name, kind: .unary, type: .proto, status: status,
      fields: [("content-type", type)] + fields, body: Array(body.utf8), code: code,
      message: message, messages: messages, trailing: trailing)
  }

  private static func stream(
    _ name: String, _ body: [UInt8], _ code: StatusCode?, _ message: String? = nil,
    kind: MethodKind = .serverStreaming, type: String = "application/connect+proto",
    status: String = "200", fields: [(String, String)] = [], messages: Int = 0,
    trailing: [String] = []
  ) -> Case {
    Case(
      name: name, kind: kind, type: .connectProto, status: status,
      fields: [("content-type", type)] + fields, body: body, code: code, message: message,
      messages: messages, trailing: trailing)
  }

  private static func web(
    _ name: String, _ body: [UInt8], _ code: StatusCode?, _ message: String? = nil,
    kind: MethodKind = .unary, type: String = "application/grpc-web", status: String = "200",
    fields: [(String, String)] = [], messages: Int = 0, trailing: [String] = []
  ) -> Case {
    Case(
      name: name, kind: kind, type: .grpcWebProto, status: status,
      fields: [("content-type", type)] + fields, body: body, code: code, message: message,
      messages: messages, trailing: trailing)
  }

  private static let connectUnary: [Case] = [
    unary("a message", "200", "\u{a}\u{1}x", nil, type: "application/proto", messages: 1),
    unary("an empty message", "200", "", nil, type: "application/proto", messages: 1),
    unary(
      "trailers", "200", "", nil, type: "application/proto",
      fields: [("trailer-x-custom", "bing"), ("trailer-x-custom", "quux"), ("x-other", "foo")],
      messages: 1, trailing: ["bing", "quux"]),
    unary("null", "401", "null", .unauthenticated),
    unary("a null code", "401", #"{"code": null, "message": "oops"}"#, .unauthenticated, "oops"),
    unary("no code", "401", #"{"message": "oops"}"#, .unauthenticated, "oops"),
    unary("an unknown code", "429", #"{"code":"foobar","message":"oops"}"#, .unavailable, "oops"),
    unary("ok", "400", #"{"code":"ok","message":"oops"}"#, .internal, "oops"),
    unary(
      "unknown members", "422", #"{"code":"out_of_range","message":"oops","foobar":"baz"}"#,
      .outOfRange, "oops"),
    unary("an error and success", "200", "{}", .internal),
    unary("an error in another form", "403", "", .permissionDenied, type: "application/proto"),
    unary("no error", "403", "", .permissionDenied),
    unary("an error that is cut off", "503", #"{"code":"#, .unavailable),
    unary("another type", "200", "", .unknown, type: "image/jpeg"),
    unary("another codec", "200", "{}", .internal, type: "application/json"),
    unary(
      "another compression", "200", "", .internal, type: "application/proto",
      fields: [("content-encoding", "foo")]),
    unary("a teapot", "418", "", .unknown, type: "text/plain"),
    unary("a status that is none", "800", "", .unknown, type: "text/plain"),
  ]

  private static let http: [Case] = [
    ("400", StatusCode.internal), ("401", .unauthenticated), ("403", .permissionDenied),
    ("404", .unimplemented), ("408", .unknown), ("409", .unknown), ("412", .unknown),
    ("413", .unknown), ("429", .unavailable), ("431", .internal), ("500", .unknown),
    ("502", .unavailable), ("503", .unavailable), ("504", .unavailable),
  ].flatMap { status, code in
    [
      // Connect's own table has no 431.
      unary(
        "HTTP \(status)", status, "<p>", status == "431" ? .unknown : code, type: "text/html"),
      stream(
        "HTTP \(status)", [], status == "431" ? .unknown : code, type: "text/html",
        status: status),
      web("HTTP \(status)", [], code, type: "text/html", status: status),
    ]
  }

  private static let oops = #"{"error": {"code": "out_of_range", "message": "oops"}}"#

  private static let connectStreams: [Case] = [
    stream("messages", frame("") + frame("") + frame("{}", 2), nil, messages: 2),
    stream("no messages", frame("{}", 2), nil),
    stream(
      "metadata", frame(#"{"metadata":{"X-Custom":["bing","quux"],"x-other":"no list"}}"#, 2), nil,
      trailing: ["bing", "quux"]),
    stream("an error", frame("") + frame(oops, 2), .outOfRange, "oops", messages: 1),
    stream(
      "an error with metadata",
      frame(#"{"error":{"code":"aborted"},"metadata":{"x-custom":["bing"]}}"#, 2), .aborted,
      trailing: ["bing"]),
    stream("a null error", frame(#"{"error": null}"#, 2), nil),
    stream(
      "a null code", frame(#"{"error":{"code":null,"message":"oops"}}"#, 2), .unknown, "oops"),
    stream("no code", frame(#"{"error": {"message": "oops"}}"#, 2), .unknown, "oops"),
    stream(
      "an unknown code", frame(#"{"error":{"code":"foobar","message":"oops"}}"#, 2), .unknown,
      "oops"),
    stream("an end that is not JSON", frame("{", 2), .internal),
    stream("no end", frame(""), .internal, messages: 1),
    stream("nothing", [], .internal),
    stream("no end of one message", frame(""), .internal, kind: .clientStreaming, messages: 1),
    stream("no message where there is one", frame("{}", 2), .unimplemented, kind: .clientStreaming),
    stream(
      "two messages where there is one", frame("") + frame("") + frame("{}", 2), .unimplemented,
      kind: .clientStreaming, messages: 1),
    stream("a message behind the end", frame("{}", 2) + frame(""), .internal),
    stream("a cut message", frame("") + [0, 0, 0, 0, 10, 1], .internal, messages: 1),
    stream("a cut prefix", frame("") + [0, 0, 0], .internal, messages: 1),
    stream("a compressed message", frame("", 1) + frame("{}", 2), .internal),
    stream("unknown flags", frame("", 4) + frame("{}", 2), .internal),
    stream("another codec", frame("{}", 2), .internal, type: "application/connect+json"),
    stream("another type", frame("{}", 2), .unknown, type: "application/proto"),
    stream(
      "another compression", frame("{}", 2), .internal, fields: [("connect-content-encoding", "x")]),
  ]

  private static let good = frame("grpc-status: 0\r\n", 0x80)

  private static let grpcWeb: [Case] = [
    web("a message", frame("") + good, nil, messages: 1),
    web(
      "trailers", frame("") + frame("grpc-status: 0\r\nx-custom: bing\r\nx-custom: quux\r\n", 0x80),
      nil, messages: 1, trailing: ["bing", "quux"]),
    web(
      "an error", frame("grpc-status: 9\r\ngrpc-message: error\r\nx-custom: bing\r\n", 0x80),
      .failedPrecondition, "error", trailing: ["bing"]),
    web(
      "mixed case", frame("Grpc-Status: 9\r\ngRPC-Message: error\r\nx-Custom: bing\r\n", 0x80),
      .failedPrecondition, "error", trailing: ["bing"]),
    web(
      "no spaces, no returns", frame("grpc-status:9\ngrpc-message:error", 0x80),
      .failedPrecondition, "error"),
    web(
      "an error among the fields", [], .failedPrecondition, "error",
      fields: [("grpc-status", "9"), ("grpc-message", "error"), ("x-custom", "bing")],
      trailing: ["bing"]),
    web(
      "fields beside a body count for nothing", frame("grpc-status: 9\r\n", 0x80),
      .failedPrecondition, fields: [("grpc-status", "8")]),
    web("no status in the body", frame("grpc-message: error\r\n", 0x80), .internal),
    web("no status in the fields", [], .internal, fields: [("grpc-message", "error")]),
    web("no message", good, .unimplemented),
    web("no message, all in the fields", [], .unimplemented, fields: [("grpc-status", "0")]),
    web("two messages", frame("") + frame("") + good, .unimplemented, messages: 1),
    web("no message of a stream of requests", good, .unimplemented, kind: .clientStreaming),
    web("an empty stream", good, nil, kind: .serverStreaming),
    web(
      "an empty stream, all in the fields", [], nil, kind: .serverStreaming,
      fields: [("grpc-status", "0")]),
    web("no end", frame(""), .internal, messages: 1),
    web("a message behind the end", good + frame(""), .internal),
    web("a compressed message", frame("", 1) + good, .internal),
    web("another type", good, .unknown, type: "image/jpeg"),
    web("another codec", good, .internal, type: "application/grpc-web+json"),
    web("gRPC itself", good, .unknown, type: "application/grpc"),
    web("another compression", good, .internal, fields: [("grpc-encoding", "foo")]),
  ]

  @Test(arguments: connectUnary + http + connectStreams + grpcWeb)
  func `T39: an answer is what it should be, wherever it is cut`(_ answer: Case) throws {
    for size in [1, 3, max(1, answer.body.count)] {
      var reader = ResponseReader(answer.kind, as: answer.type, limits: CallLimits())
      var messages = 0
      let result = read(answer, in: size, &reader, &messages)
      #expect(messages == answer.messages)
      switch result {
      case .success(let trailing):
        #expect(answer.code == nil)
        #expect(trailing.values(named: "x-custom") == answer.trailing)
      case .failure(let error):
        #expect(error.code == answer.code, "\(error)")
        if let message = answer.message { #expect(error.message == message) }
        #expect(error.metadata.values(named: "x-custom") == answer.trailing)
      }
    }
  }

  private func read(
    _ answer: Case, in size: Int, _ reader: inout ResponseReader, _ messages: inout Int
  ) -> Result<Metadata, RPCError> {
    var fields = Fields()
    for (name, value) in [(":status", answer.status)] + answer.fields {
      fields.append(name: name.utf8, value: value.utf8, isSensitive: false)
    }
    do throws(RPCError) {
      let isAll = answer.body.isEmpty
      if let all = try reader.receivedHeaders(fields.response, endStream: isAll) {
        return .success(all)
      }
      for start in stride(from: 0, to: answer.body.count, by: size) {
        let piece = Array(answer.body[start..<min(start + size, answer.body.count)])
        var bytes = piece.span
        while try reader.next(from: &bytes) != nil { messages += 1 }
      }
      let (trailing, message) = try reader.receivedEnd()
      if message != nil { messages += 1 }
      return .success(trailing)
    } catch { return .failure(error) }
  }

  @Test func `T39: details of errors come back as they were`() throws {
    var info = ErrorInfo()
    info.reason = "WHY"
    let error = RPCError(.aborted, "é☺").adding(info)
    var reader = ResponseReader(.unary, as: .proto, limits: CallLimits())
    var fields = Fields()
    fields.append(name: ":status".utf8, value: "409".utf8, isSensitive: false)
    fields.append(
      name: "content-type".utf8, value: "application/json".utf8, isSensitive: false)
    _ = try reader.receivedHeaders(fields.response, endStream: false)
    let body = error.connectJSON
    var bytes = body.span
    _ = try reader.next(from: &bytes)
    let read = #expect(throws: RPCError.self) { try reader.receivedEnd() }
    #expect(read?.code == .aborted)
    #expect(read?.message == "é☺")
    #expect(read?.details(of: ErrorInfo.self) == [info])
  }
}
