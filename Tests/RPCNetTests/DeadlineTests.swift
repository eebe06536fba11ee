import Foundation
import HTTP2
import Interop
import Linux
import Net
import RPC
import RPCNet
import TestAPI
import Testing

/// A call whose deadline passes on both sides at once, while the client's loop is busy.
struct DeadlineTests {
  /// How the server ends the call: with a reset, or with the status that a proxy makes of one.
  enum End: CaseIterable, Sendable { case reset, status }

  /// Answers each call with CANCEL when its deadline has passed, and sees to it that the client
  /// reads that before it looks at its own clock.
  private final class Acceptor: StreamAcceptor {
    let end: End
    let client: EventLoop
    let timeout: Duration
    init(_ end: End, client: EventLoop, timeout: Duration) {
      self.end = end
      self.client = client
      self.timeout = timeout
    }

    func accept(_ stream: Net.Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
      let hold = Hold(client)
      switch end {
      case .reset: stream.reset(.cancel)
      case .status:
        let fields = HeaderBlock([
          ":status": "200", "content-type": "application/grpc", "grpc-status": "1",
        ])
        stream.sendHeaders(fields, endStream: true)
      }
      // By then the answer has been written.
      stream.connection.loop.schedule(after: timeout) { hold.release() }
      return Follower()
    }
  }

  private final class Follower: StreamHandler {
    func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}
    func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {}
    func receivedTrailers(_ trailers: HeaderBlock) {}
    func becameWritable() {}
    func closed(_ code: ErrorCode, connectionLost: Bool) {}
  }

  /// Keeps a loop from doing anything until it is released.
  private final class Hold: Sendable {
    private let begun = DispatchSemaphore(value: 0)
    private let released = DispatchSemaphore(value: 0)

    init(_ loop: EventLoop) {
      loop.execute {
        self.begun.signal()
        self.released.wait()
      }
      begun.wait()
    }

    func release() { released.signal() }

    /// Waits on a thread of its own until the loop is held.
    static func begun(on loop: EventLoop) async -> Hold {
      await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: Hold(loop)) }
      }
    }
  }

  private func withCancellingServer(
    _ end: End, _ body: (TestServiceClient, CallOptions) async throws -> Void
  ) async throws {
    let timeout = Duration.milliseconds(100)
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    let loop = try EventLoop(name: "client")
    defer { loop.shutdown() }
    let server = try await Server.start(
      on: group, .init(address: .ipv4(host: "127.0.0.1", port: 0)),
      acceptor: Acceptor(end, client: loop, timeout: timeout))
    let channel = RPCChannel(.init(host: "127.0.0.1", port: server.address.port ?? 0), on: loop)
    try await body(TestServiceClient(channel), CallOptions(timeout: timeout))
    await channel.shutDown()
    await server.shutDown(grace: .zero)
  }

  @Test(arguments: End.allCases)
  func `a unary call that the server gave up at the deadline has exceeded it`(
    _ end: End
  ) async throws {
    try await withCancellingServer(end) { client, options in
      let error = await #expect(throws: RPCError.self) {
        try await client.emptyCall(Empty(), options: options)
      }
      #expect(error?.code == .deadlineExceeded)
    }
  }

  @Test(arguments: End.allCases)
  func `a streaming call that the server gave up at the deadline has exceeded it`(
    _ end: End
  ) async throws {
    try await withCancellingServer(end) { client, options in
      let call = try await client.fullDuplexCall(options: options)
      let error = await #expect(throws: RPCError.self) { for try await _ in call.responses {} }
      #expect(error?.code == .deadlineExceeded)
    }
  }

  @Test func `a message that comes too late fails with the reason of its call`() async throws {
    try await withServer([TestServer()]) { server, _ in
      let loop = try EventLoop(name: "client")
      defer { loop.shutdown() }
      let channel = RPCChannel(.init(host: "127.0.0.1", port: server.address.port ?? 0), on: loop)
      let deadline = ContinuousClock.now.advanced(by: .milliseconds(100))
      let call = try await TestServiceClient(channel)
        .fullDuplexCall(options: CallOptions(deadline: deadline))
      let writing = Task {
        // The loop finds the deadline passed before it finds the message.
        let hold = await Hold.begun(on: loop)
        async let written: Void = call.requests.write(StreamingOutputCallRequest())
        try await ContinuousClock().sleep(until: deadline)
        hold.release()
        try await written
      }
      let error = await #expect(throws: RPCError.self) { try await writing.value }
      #expect(error?.code == .deadlineExceeded)
      await channel.shutDown()
    }
  }
}
