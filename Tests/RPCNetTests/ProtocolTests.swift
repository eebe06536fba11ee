import HTTP2
import Net
import RPC
import RPCNet
import TestAPI
import Testing

/// What a channel does that speaks gRPC-Web or Connect, beyond what T37 and T38 show.
struct ProtocolTests {
  /// How a server of each protocol says that a unary call is to come back.
  private static let refusals: [CallProtocol: @Sendable (Script.Request) -> Void] = [
    .grpcWeb: { request in
      request.answer("200", "application/grpc-web+proto", frame("grpc-status: 14\r\n", 0x80))
    },
    .connect: { request in
      request.answer("503", "application/json", Array(#"{"code": "unavailable"}"#.utf8))
    },
  ]

  private static func frame(_ text: String, _ flags: UInt8) -> [UInt8] {
    Framing.end(Array(text.utf8), flag: flags)
  }

  @Test(arguments: [CallProtocol.grpcWeb, .connect])
  func `T56 a call that its server has refused is made again like one of gRPC's`(
    _ callProtocol: CallProtocol
  ) async throws {
    let script = Script { request in
      if request.number == 0 {
        Self.refusals[callProtocol]?(request)
      } else if callProtocol == .connect {
        request.answer("200", "application/proto", [])
      } else {
        request.answer(
          "200", "application/grpc-web+proto",
          Self.frame("", 0) + Self.frame("grpc-status: 0\r\n", 0x80))
      }
    }
    try await script.serve {
      $0.callProtocol = callProtocol
      $0.retries.repeatable = RetryPolicy(firstWait: .milliseconds(1))
    } _: { client in
      var options = CallOptions(timeout: .seconds(60))
      options.isRepeatable = true
      _ = try await client.emptyCall(Empty(), options: options)
    }
    #expect(script.requests == 2)
  }

  @Test(arguments: [CallProtocol.grpcWeb, .connect])
  func `trailers of HTTP change nothing where a protocol has none`(
    _ callProtocol: CallProtocol
  ) async throws {
    let script = Script { request in
      let body =
        callProtocol == .connect
        ? [0x0a, 1, 0x78] : Self.frame("\u{a}\u{1}x", 0) + Self.frame("grpc-status: 0\r\n", 0x80)
      let type = callProtocol == .connect ? "application/proto" : "application/grpc-web"
      request.stream.sendHeaders(HeaderBlock([":status": "200", "content-type": type]))
      request.stream.sendData(body)
      request.stream.sendTrailers(HeaderBlock(["grpc-status": "13"]))
    }
    try await script.serve { address in
      try await withChannel(to: .addresses([address])) {
        $0.callProtocol = callProtocol
      } _: { channel in
        let reply = try await GreeterClient(channel).sayHello(
          HelloRequest(), options: CallOptions(timeout: .seconds(60)))
        #expect(reply.message == "x")
      }
    }
  }

  @Test(arguments: CallProtocol.allCases)
  func `replies are read that came before the error`(_ callProtocol: CallProtocol) async throws {
    let fails = Fails()
    try await withServer([fails]) { server, _ in
      try await withChannel(to: .addresses([server.address])) {
        $0.callProtocol = callProtocol
      } _: { channel in
        let replies = try await TestServiceClient(channel).streamingOutputCall(
          StreamingOutputCallRequest(), options: CallOptions(timeout: .seconds(60)))
        var count = 0
        let error = await #expect(throws: RPCError.self) {
          for try await _ in replies { count += 1 }
        }
        #expect(error?.code == .aborted)
        #expect(count == Fails.replies)
      }
    }
  }

  /// Replies a few times and then fails.
  private struct Fails: RPC.Service {
    static let replies = 20

    func register(in router: inout Router) {
      router.serverStreaming(TestServiceMethods.streamingOutputCall) { _, responses, _ in
        for _ in 0..<Self.replies { try await responses.write(StreamingOutputCallResponse()) }
        throw RPCError(.aborted, "")
      }
    }
  }
}

extension Script.Request {
  fileprivate func answer(_ status: String, _ type: String, _ body: [UInt8]) {
    stream.sendHeaders(HeaderBlock([":status": status, "content-type": type]))
    stream.sendData(body, endStream: true)
  }
}
