import HTTP2
import Linux
import Net
import RPC
import RPCNet
import Testing

/// What curl and browsers send, frame by frame: Connect, gRPC-Web, and questions before calls.
struct WebRequestTests {
  private static let path = "/helloworld.Greeter/SayHello"

  private func withConnection(
    origins: [String] = [], _ body: (Connection) async throws -> Void
  ) async throws {
    let configure: (inout RPCServer.Configuration) -> Void = { $0.origins = origins }
    try await withServer([TestGreeter()], configure: configure) { server, _ in
      let loop = try EventLoop(name: "raw")
      defer { loop.shutdown() }
      let connection = try await Connection.dial(
        Connection.Target(host: "127.0.0.1", port: server.address.port ?? 0), on: loop)
      try await body(connection)
      await loop.run { connection.close() }
    }
  }

  private func headers(
    _ verb: String = "POST", _ path: String = path, _ fields: KeyValuePairs<String, String>
  ) -> HeaderBlock {
    var block = HeaderBlock([
      ":method": verb, ":scheme": "http", ":path": path, ":authority": "test",
    ])
    for (name, value) in fields { block.append(name, value) }
    return block
  }

  @Test func `a unary call of Connect is answered with the HTTP status that fits`() async throws {
    let cases:
      [(verb: String, path: String, type: String, body: String, status: String, answer: String)] = [
        (
          "POST", Self.path, "application/json", #"{"name":"you"}"#, "200",
          #"{"message":"Hello you"}"#
        ),
        (
          "POST", Self.path, "application/json; charset=utf-8", "{}", "200",
          #"{"message":"Hello "}"#
        ),
        ("POST", Self.path, "application/json", #"{"new":[1]}"#, "200", #"{"message":"Hello "}"#),
        ("POST", Self.path, "application/proto", "\u{a}\u{3}you", "200", "\u{a}\u{9}Hello you"),
        ("POST", Self.path, "application/proto", "", "200", "\u{a}\u{6}Hello "),
        (
          "POST", Self.path, "application/json", #"{"name":7}"#, "400",
          #"{"code":"invalid_argument","message":"a message is not the JSON form of helloworld.HelloRequest: a JSON value that does not fit its field at byte 8"}"#
        ),
        (
          "POST", Self.path, "application/json", "", "400",
          #"{"code":"invalid_argument","message":"a message is not the JSON form of helloworld.HelloRequest: malformed JSON at byte 0"}"#
        ),
        (
          "POST", Self.path, "application/proto", "\u{a}", "400",
          #"{"code":"invalid_argument","message":"a message cannot be decoded"}"#
        ),
        (
          "POST", Self.path, "application/json", #"{"name":"crash"}"#, "500",
          #"{"code":"unknown","message":"internal error"}"#
        ),
        (
          "POST", "/helloworld.Greeter/Nope", "application/json", "{}", "404",
          #"{"code":"unimplemented","message":"the server has no such method"}"#
        ),
        (
          "DELETE", Self.path, "application/json", "{}", "405",
          "calls of gRPC, gRPC-Web and Connect only\n"
        ),
        (
          "GET", Self.path + "?encoding=json&message=%7B%7D", "", "", "405",
          "calls of gRPC, gRPC-Web and Connect only\n"
        ),
        (
          "POST", Self.path, "application/connect+json", "", "415",
          "calls of gRPC, gRPC-Web and Connect only\n"
        ),
      ]
    try await withConnection { connection in
      for (verb, path, type, body, status, answer) in cases {
        var block = headers(verb, path, [:])
        if !type.isEmpty { block.append("content-type", type) }
        let pieces = body.isEmpty ? [] : [Array(body.utf8)]
        let parts = await RawExchange.run(on: connection, block, pieces)
        #expect(parts.headers[":status"] == status, "\(type) \(body)")
        #expect(parts.text == answer)
        #expect(parts.last == .closed(.noError, connectionLost: false))
      }
    }
  }

  @Test func `an error of Connect has its details, and trailers stand among the fields`()
    async throws
  {
    try await withConnection { connection in
      let parts = await RawExchange.run(
        on: connection, headers(fields: ["content-type": "application/json"]),
        [Array(#"{"name":"fail"}"#.utf8)])
      #expect(
        parts.headers == [
          ":status": "400", "content-type": "application/json", "trailer-x-why": "because",
        ])
      #expect(
        parts.text
          == #"{"code":"failed_precondition","details":[{"debug":{"domain":"test","reason":"WHY"},"type":"google.rpc.ErrorInfo","value":"CgNXSFkSBHRlc3Q"}],"message":"special ☺"}"#
      )
      let good = await RawExchange.run(
        on: connection,
        headers(fields: [
          "content-type": "application/json", "x-echo": "there", "x-echo-bin": "AP8",
        ]),
        [Array(#"{"name":"metadata"}"#.utf8)])
      #expect(
        good.headers == [
          ":status": "200", "content-type": "application/json", "x-echo": "there",
          "trailer-x-echo-bin": "AP8",
        ])
    }
  }

  @Test(arguments: [
    ("application/grpc-web", false), ("application/grpc-web+proto", false),
    ("application/grpc-web-text", true), ("application/grpc-web-text+proto", true),
  ])
  func `gRPC-Web puts the status into one more frame`(_ type: String, _ isText: Bool)
    async throws
  {
    let hello = isText ? "AAAAAAcKBXdvcmxk" : "\0\0\0\0\u{7}\u{a}\u{5}world"
    let reply =
      isText
      ? "AAAAAA0KC0hlbGxvIHdvcmxkgAAAABBncnBjLXN0YXR1czogMA0K"
      : "\0\0\0\0\u{d}\u{a}\u{b}Hello world\u{fffd}\0\0\0\u{10}grpc-status: 0\r\n"
    try await withConnection { connection in
      let block = headers(fields: ["content-type": type, "x-grpc-web": "1"])
      let parts = await RawExchange.run(on: connection, block, [Array(hello.utf8)])
      #expect(parts.headers == [":status": "200", "content-type": type])
      #expect(parts.text == reply)
      #expect(parts.last == .closed(.noError, connectionLost: false))
    }
  }

  @Test func `pages of configured origins may call, and no others`() async throws {
    let page = "https://app.example"
    let question: KeyValuePairs = [
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,connect-protocol-version,x-mine",
    ]
    let hello = Array("{}".utf8)
    try await withConnection(origins: [page]) { connection in
      for origin in [page, "https://app.example.evil", "http://app.example", "null"] {
        var block = headers("OPTIONS", fields: ["origin": origin])
        for (name, value) in question { block.append(name, value) }
        let answer = await RawExchange.run(on: connection, block, []).headers
        let call = await RawExchange.run(
          on: connection, headers(fields: ["origin": origin, "content-type": "application/json"]),
          [hello]
        ).headers
        #expect(call[":status"] == "200")
        guard origin == page else {
          #expect(answer[":status"] == "405")
          #expect(answer["access-control-allow-origin"] == nil)
          #expect(call["access-control-allow-origin"] == nil)
          // Whoever keeps the answer must not give it to the page that may.
          #expect(answer["vary"] == "origin" && call["vary"] == "origin")
          continue
        }
        #expect(
          answer == [
            ":status": "204", "access-control-allow-origin": page, "vary": "origin",
            "access-control-allow-methods": "GET, POST", "access-control-max-age": "7200",
            "access-control-allow-headers":
              "authorization,connect-protocol-version,x-mine",
          ])
        #expect(call["access-control-allow-origin"] == page)
        #expect(call["access-control-expose-headers"]?.contains("grpc-status") == true)
      }
    }
  }

  @Test func `without configured origins no page may call`() async throws {
    try await withConnection { connection in
      let fields: KeyValuePairs = ["origin": "https://app.example"]
      let block = headers("OPTIONS", fields: fields)
      let answer = await RawExchange.run(on: connection, block, []).headers
      #expect(answer[":status"] == "405")
      #expect(answer["access-control-allow-origin"] == nil)
    }
  }

  private func headers(
    _ verb: String = "POST", fields: KeyValuePairs<String, String>
  ) -> HeaderBlock { headers(verb, Self.path, fields) }
}

extension [RawExchange.Part] {
  /// The bytes of all DATA as text; what is not UTF-8 is replaced.
  var text: String {
    let bytes = flatMap { part -> [UInt8] in
      if case .data(let bytes, _) = part { bytes } else { [] }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
