import HTTP2
import Linux
import Net
import RPC
import RPCNet
import ScriptedPeer
import TestAPI
import Testing

/// T40: our client and the bad servers of gRPC's negative HTTP/2 interoperability tests, frame by
/// frame.
@Suite(.timeLimit(.minutes(1)))
struct BadServerTests {
  /// A `HelloReply` that says "hi".
  fileprivate static let hi: [UInt8] = [0x0a, 2] + Array("hi".utf8)

  /// What the server does to a stream.
  enum Deed: CaseIterable, Sendable {
    case resetAfterHeaders, resetDuringData, resetAfterData, headersWithoutEnd, dataWithoutStatus

    /// What the call ends with; where nothing ever comes, only the deadline helps.
    var code: StatusCode {
      switch self {
      case .headersWithoutEnd: .deadlineExceeded
      case .dataWithoutStatus: .internal
      case .resetAfterHeaders, .resetDuringData, .resetAfterData: .unavailable
      }
    }

    /// What follows the header fields of the response.
    func frames(_ stream: UInt32) -> [UInt8] {
      let hi = BadServerTests.hi
      let reply = Frame.message(stream, hi)
      let reset = Frame.reset(stream, ErrorCode.refusedStream.rawValue)
      return switch self {
      case .headersWithoutEnd: []
      case .resetAfterHeaders: reset
      case .resetDuringData: Frame.data(stream, Array(reply[9..<15])) + reset
      case .resetAfterData: reply + reset
      case .dataWithoutStatus: Frame.message(stream, hi, end: true)
      }
    }
  }

  @Test(arguments: Deed.allCases)
  func `T40 a call that the server breaks off fails in time`(_ deed: Deed) async throws {
    try await withScriptedServer { peer, _ in
      for stream: UInt32 in [1, 3, 5] {
        _ = try await peer.expectMessage(stream)
        try await peer.send(Frame.responseHeaders(stream), deed.frames(stream))
        guard deed == .headersWithoutEnd else { continue }
        #expect(try await peer.expect(.reset, stream).code == .cancel)
      }
      try await peer.expectEnd()
    } _: { channel in
      let timeout = Duration.milliseconds(deed == .headersWithoutEnd ? 50 : 60_000)
      for _ in 0..<3 {
        let error = await #expect(throws: RPCError.self) {
          try await GreeterClient(channel).sayHello(
            HelloRequest(), options: CallOptions(timeout: timeout))
        }
        #expect(error?.code == deed.code)
      }
    }
  }

  @Test func `T40 a server that goes away after each call is dialled again`() async throws {
    try await withScriptedServer { peer, _ in
      _ = try await peer.expectMessage(1)
      try await peer.send(Frame.response(1, Self.hi), Frame.goAway(last: 1))
      try await peer.expectEnd()
    } _: { channel in
      for _ in 0..<5 {
        let reply = try await GreeterClient(channel).sayHello(HelloRequest())
        #expect(reply.message == "hi")
      }
    }
  }

  @Test func `T40 a server that pings throughout a call is answered`() async throws {
    @Sendable func ping(_ peer: ScriptedPeer, _ number: UInt8) async throws {
      let payload = [UInt8](repeating: number, count: 8)
      try await peer.send(Frame.ping(payload))
      let answer = try await peer.expect(.ping)
      #expect(answer.flags == Frame.acknowledgement && answer.payload == payload)
    }
    try await withScriptedServer { peer, _ in
      try await ping(peer, 1)
      _ = try await peer.expectMessage(1)
      try await ping(peer, 2)
      try await peer.send(Frame.responseHeaders(1))
      try await ping(peer, 3)
      try await peer.send(Frame.message(1, Self.hi))
      try await ping(peer, 4)
      try await peer.send(Frame.trailers(1))
      try await peer.expectEnd()
    } _: { channel in
      let reply = try await GreeterClient(channel).sayHello(HelloRequest())
      #expect(reply.message == "hi")
    }
  }

  @Test func `T40 more calls than the server allows streams wait for their turn`() async throws {
    let calls: UInt32 = 20
    // SETTINGS_MAX_CONCURRENT_STREAMS.
    try await withScriptedServer(settings: [(3, 1)]) { peer, _ in
      for number in 0..<calls {
        _ = try await peer.expectMessage(2 * number + 1)
        let others = try await peer.roundTrip().filter { $0.type == 1 }
        #expect(others == [])
        try await peer.send(Frame.response(2 * number + 1, Self.hi))
      }
      try await peer.expectEnd()
    } _: { channel in
      try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<calls {
          group.addTask { try await GreeterClient(channel).sayHello(HelloRequest()).message }
        }
        for try await reply in group { #expect(reply == "hi") }
      }
    }
  }
}
