import HTTP2
import Linux
import Net
import RPC
import RPCNet
import TestAPI
import Testing

/// T40: our client and the bad servers of gRPC's negative HTTP/2 interoperability tests.
///
/// PINGs are answered by the session itself: the conformance table of HTTP/2 covers that case.
struct BadServerTests {
  /// What the server does to a stream.
  enum Deed: CaseIterable, Sendable {
    case resetAfterHeaders, resetDuringData, resetAfterData, headersWithoutEnd, dataWithoutStatus

    /// What the call ends with; nil where nothing ever comes, and only the deadline helps.
    var code: StatusCode {
      switch self {
      case .headersWithoutEnd: .deadlineExceeded
      case .dataWithoutStatus: .internal
      case .resetAfterHeaders, .resetDuringData, .resetAfterData: .unavailable
      }
    }
  }

  /// Does its deed to every stream, and after it goes away if asked to.
  private final class Acceptor: StreamAcceptor {
    let deed: Deed?
    init(_ deed: Deed?) { self.deed = deed }

    func accept(_ stream: Net.Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
      let reply: [UInt8] = [0, 0, 0, 0, 4, 0x0a, 2, 0x68, 0x69]
      stream.sendHeaders(HeaderBlock([":status": "200", "content-type": "application/grpc"]))
      switch deed {
      case .headersWithoutEnd: break
      case .resetAfterHeaders: stream.reset(.refusedStream)
      case .resetDuringData: stream.sendData(Array(reply.prefix(6)))
      case .resetAfterData: stream.sendData(reply)
      case .dataWithoutStatus: stream.sendData(reply, endStream: true)
      case nil:
        stream.sendData(reply)
        stream.sendTrailers(HeaderBlock(["grpc-status": "0"]))
        // Every connection serves one call.
        stream.connection.shutDown(grace: .seconds(5))
      }
      return Follower(stream, resets: deed == .resetDuringData || deed == .resetAfterData)
    }
  }

  /// Resets once the request is whole.
  private final class Follower: StreamHandler {
    let stream: Net.Stream
    let resets: Bool
    init(_ stream: Net.Stream, resets: Bool) {
      self.stream = stream
      self.resets = resets
    }

    func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}
    func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
      stream.consumed(bytes.count)
      if endStream, resets { stream.reset(.refusedStream) }
    }
    func receivedTrailers(_ trailers: HeaderBlock) {}
    func becameWritable() {}
    func closed(_ code: ErrorCode, connectionLost: Bool) {}
  }

  private func withBadServer(
    _ deed: Deed?, _ body: (GreeterClient) async throws -> Void
  ) async throws {
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    let server = try await Server.start(
      on: group, .init(address: .ipv4(host: "127.0.0.1", port: 0)), acceptor: Acceptor(deed))
    try await withChannel(.plaintext, port: server.address.port ?? 0) { channel in
      try await body(GreeterClient(channel))
    }
    await server.shutDown(grace: .zero)
  }

  @Test(arguments: Deed.allCases)
  func `T40 a call that the server breaks off fails in time`(_ deed: Deed) async throws {
    try await withBadServer(deed) { client in
      for _ in 0..<3 {
        let error = await #expect(throws: RPCError.self) {
          try await client.sayHello(
            HelloRequest(),
            options: CallOptions(
              timeout: deed == .headersWithoutEnd ? .milliseconds(50) : .seconds(20)))
        }
        #expect(error?.code == deed.code)
      }
    }
  }

  @Test func `T40 a server that goes away after each call is dialled again`() async throws {
    try await withBadServer(nil) { client in
      for _ in 0..<5 {
        let reply = try await client.sayHello(HelloRequest())
        #expect(reply.message == "hi")
      }
    }
  }

  @Test func `T40 more calls than the server allows streams wait for their turn`() async throws {
    try await withServer(
      [TestGreeter()], configure: { $0.http2.concurrentStreams = 1 }
    ) { _, channel in
      try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<20 {
          group.addTask { try await GreeterClient(channel).sayHello(HelloRequest()).message }
        }
        for try await reply in group { #expect(reply == "Hello ") }
      }
    }
  }
}
