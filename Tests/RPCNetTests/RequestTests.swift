import HTTP2
import Linux
import Net
import RPC
import RPCNet
import ScriptedPeer
import Synchronization
import TestAPI
import Testing

/// T41 to T44 and T48 of the reliability checks: requests that no library sends, and the shape of answers.
struct RequestTests {
  private func withGreeter(_ body: (Connection) async throws -> Void) async throws {
    try await withServer([TestGreeter()]) { server, _ in
      try await withConnection(to: server, body)
    }
  }

  private static let hello: [UInt8] = [0, 0, 0, 0, 7, 0x0a, 5] + Array("world".utf8)

  @Test func `T41 every odd request has its answer and leaves the connection usable`() async throws
  {
    let hello = Self.hello
    let cases: [(KeyValuePairs<String, String?>, [[UInt8]], http: String, grpc: String?)] = [
      ([:], [hello], "200", "0"),
      (["content-type": "text/html"], [hello], "415", "3"),
      (["content-type": nil], [hello], "415", "3"),
      (["content-type": "application/grpc-webs"], [hello], "415", "3"),
      (["content-type": "application/grpc;charset=utf-8"], [hello], "200", "0"),
      (["content-type": "application/grpc+proto"], [hello], "200", "0"),
      ([":method": "GET"], [], "405", "13"),
      (["te": nil], [hello], "200", "0"),
      ([":path": "/helloworld.Greeter/Nope"], [hello], "200", "12"),
      ([":path": "//helloworld.Greeter/SayHello"], [hello], "200", "12"),
      ([:], [[]], "200", "12"),
      ([:], [hello + hello], "200", "12"),
      ([:], [Array(hello.dropLast())], "200", "13"),
      ([:], [[0, 0, 0]], "200", "13"),
      ([:], [[1] + hello.dropFirst()], "200", "13"),
      ([:], [[2] + hello.dropFirst()], "200", "13"),
      ([:], [[0, 0xff, 0xff, 0xff, 0xff]], "200", "8"),
      ([:], [[0, 0, 0, 0, 1, 0xff]], "200", "13"),
      (["grpc-encoding": "br"], [hello], "200", "12"),
      (["grpc-encoding": "gzip"], [[1, 0, 0, 0, 3, 1, 2, 3]], "200", "13"),
      (["grpc-timeout": "1.5S"], [hello], "200", "13"),
      (["grpc-timeout": "-1S"], [hello], "200", "13"),
      (["grpc-timeout": "1"], [hello], "200", "13"),
      (["grpc-timeout": "S"], [hello], "200", "13"), (["grpc-timeout": "1s"], [hello], "200", "13"),
      (["grpc-timeout": "1X"], [hello], "200", "13"),
      (["content-type": "application/grpcfoo"], [hello], "415", "3"),
      (["grpc-timeout": "123456789S"], [hello], "200", "13"),
      (["grpc-timeout": "99999999H"], [hello], "200", "0"),
      (["grpc-timeout": "0m"], [hello], "200", "4"),
      (["x-bin": "%%%"], [hello], "200", "13"),
    ]
    try await withGreeter { connection in
      for (changes, body, http, grpc) in cases {
        let parts = await RawExchange.run(on: connection, headers(changes), body)
        #expect(parts.headers[":status"] == http, "\(changes)")
        #expect(parts.status == grpc, "\(changes) \(body)")
        #expect(parts.last == .closed(.noError, connectionLost: false))
      }
    }
  }

  @Test func `T42 an answer is headers, data and trailers, an error one frame`() async throws {
    try await withGreeter { connection in
      let good = await RawExchange.run(on: connection, headers(), [Self.hello])
      let reply: [UInt8] = [0, 0, 0, 0, 13, 0x0a, 11] + Array("Hello world".utf8)
      #expect(
        good == [
          .headers([":status": "200", "content-type": "application/grpc"], endStream: false),
          .data(reply, endStream: false), .trailers(["grpc-status": "0"]),
          .closed(.noError, connectionLost: false),
        ])
      let bad = await RawExchange.run(on: connection, headers([":path": "/x"]), [Self.hello])
      guard case .headers(_, endStream: true)? = bad.first else {
        Issue.record("\(bad)")
        return
      }
      #expect(bad.count == 2)
    }
  }

  @Test func `T42 an answer is these frames and no others`() async throws {
    let network = MemoryNetwork()
    try await withServer([TestGreeter()], configure: { $0.network = network }) { _, _ in
      let peer = ScriptedPeer(try #require(network.connect()))
      try await peer.handshakeAsClient()
      let call = Fields.block([
        ":method": "POST", ":scheme": "http", ":path": "/helloworld.Greeter/SayHello",
        ":authority": "test", "content-type": "application/grpc", "te": "trailers",
      ])
      try await peer.send(Frame.headers(1, call, end: false), Frame.data(1, Self.hello, end: true))
      let head = try await peer.expect(.headers, 1)
      #expect(head.fields == [":status": "200", "content-type": "application/grpc"])
      #expect(!head.endsStream)
      let body = try await peer.expect(.data, 1)
      #expect(body.payload == [0, 0, 0, 0, 13, 0x0a, 11] + Array("Hello world".utf8))
      let trailers = try await peer.expect(.headers, 1)
      #expect(trailers.fields == ["grpc-status": "0"] && trailers.endsStream)
      // One that fails is one frame.
      let other = Fields.block([
        ":method": "POST", ":scheme": "http", ":path": "/x", ":authority": "test",
        "content-type": "application/grpc",
      ])
      try await peer.send(Frame.headers(3, other))
      let failure = try await peer.expect(.headers, 3)
      #expect(failure.fields["grpc-status"] == "12" && failure.endsStream)
      #expect(try await peer.roundTrip() == [])
    }
  }

  @Test func `T44 a request is the same wherever its data frames are cut`() async throws {
    try await withGreeter { connection in
      for cut in 1..<Self.hello.count {
        let pieces = [Array(Self.hello[..<cut]), Array(Self.hello[cut...])]
        let parts = await RawExchange.run(on: connection, headers(), pieces)
        #expect(parts.status == "0")
      }
    }
  }

  @Test func `an answer that comes early stops the request without an error`() async throws {
    try await withGreeter { connection in
      let prefix: [UInt8] = [0, 0xff, 0xff, 0xff, 0xff]
      let parts = await RawExchange.run(on: connection, headers(), [prefix], endStream: false)
      #expect(parts.status == "8")
      #expect(parts.last == .closed(.noError, connectionLost: false))
    }
  }

  @Test func `T41 a deadline that passes on the server stops the request without an error`()
    async throws
  {
    try await withGreeter { connection in
      let fields = headers(["grpc-timeout": "10m"])
      for beginning in [[], Array(Self.hello.prefix(7))] {
        let parts = await RawExchange.run(on: connection, fields, [beginning], endStream: false)
        #expect(parts.status == "4")
        #expect(parts.last == .closed(.noError, connectionLost: false))
      }
    }
  }

  @Test func `T41 an unknown encoding is answered with those that are known`() async throws {
    try await withGreeter { connection in
      let parts = await RawExchange.run(
        on: connection, headers(["grpc-encoding": "br"]), [Self.hello])
      #expect(parts.headers["grpc-accept-encoding"] == "identity,deflate,gzip")
    }
  }

  @Test func `T43 an empty answer is five zero bytes`() async throws {
    try await withServer([Empties()]) { server, _ in
      try await withConnection(to: server) { connection in
        let parts = await RawExchange.run(on: connection, headers(), [[0, 0, 0, 0, 0]])
        #expect(parts.contains(.data([0, 0, 0, 0, 0], endStream: false)))
      }
    }
  }

  private struct Empties: GreeterProtocol {
    func sayHello(_ request: HelloRequest, context: ServerContext) async throws -> HelloReply {
      HelloReply()
    }
  }

  /// Notes the paths that it is asked about.
  private final class Doorman: AsyncServerInterceptor {
    let seen = Mutex<[String]>([])

    func intercept<Answer: Sendable>(
      _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
    ) async throws -> Answer {
      seen.withLock { $0.append(context.path) }
      return try await next(context)
    }
  }

  @Test func `T48 a path is the registered one, byte by byte, or nobody's`() async throws {
    let doorman = Doorman()
    let tricks = [
      "helloworld.Greeter/SayHello", "//helloworld.Greeter/SayHello",
      "/./helloworld.Greeter/SayHello", "/helloworld.Greeter/./SayHello",
      "/helloworld.Greeter%2fSayHello", "/helloworld.Greeter%2FSayHello",
      "/%68elloworld.Greeter/SayHello", "/helloworld.greeter/sayhello",
      "/helloworld.Greeter/SayHello/", "/helloworld.Greeter/SayHello?x", "/helloworld.Greeter/",
      "/helloworld.Greeter", "/", "*", "/x/../helloworld.Greeter/SayHello",
      "/" + String(repeating: "a", count: 7000), "/" + String(repeating: "a", count: 8192),
      "/helloworld.Greeter/SayHello\0", "/helloworld.Greeter\0/SayHello",
    ]
    try await withServer([TestGreeter()], interceptors: [doorman]) { server, _ in
      try await withConnection(to: server) { connection in
        for path in tricks {
          let parts = await RawExchange.run(on: connection, headers([":path": path]), [Self.hello])
          // What HTTP/2 itself forbids is reset before gRPC sees it.
          #expect(parts.status == "12" || parts.headers.isEmpty, "\(path) \(parts)")
        }
        #expect(doorman.seen.withLock(\.self) == [])
        let parts = await RawExchange.run(on: connection, headers(), [Self.hello])
        #expect(parts.status == "0")
        #expect(doorman.seen.withLock(\.self) == ["/helloworld.Greeter/SayHello"])
      }
    }
  }
}
