import Foundation
import HTTP2
import Interop
import Linux
import Net
import Protobuf
import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// Rows of the reliability checks that need a whole server, each named by its number.
struct ReliabilityTests {
  /// Answers with the bytes and the metadata that it gets.
  private struct Mirror: RPC.Service {
    func register(in router: inout Router) {
      router.unary(TestServiceMethods.unaryCall) { request, context in
        context.trailingMetadata = context.metadata
        var response = SimpleResponse()
        if request.responseSize >= 0 { response.payload = request.payload }
        return response
      }
    }
  }

  private func request(_ size: Int, answered: Bool = true) -> SimpleRequest {
    var request = SimpleRequest()
    request.payload = Payload()
    request.payload?.body = [UInt8](repeating: 7, count: size)
    request.responseSize = answered ? 0 : -1
    return request
  }

  private func code(_ call: () async throws(RPCError) -> Void) async -> StatusCode {
    do throws(RPCError) { try await call() } catch { return error.code }
    return .ok
  }

  @Test(arguments: [Compression.identity, .gzip])
  func `T45 a message may be as large as the limit, and no larger`(
    _ compression: Compression
  ) async throws {
    // 13 more bytes than the payload: three tags with lengths, and the field that says no answer.
    let size = 5000
    let limit = try request(size, answered: false).serialized().count
    try await withServer([Mirror()], configure: { $0.calls.messageBytes = limit }) {
      server, channel in
      let client = TestServiceClient(channel)
      let options = CallOptions(compression: compression)
      for (size, expected) in [
        (size - 1, StatusCode.ok), (size, .ok), (size + 1, .resourceExhausted),
      ] {
        let got = await code { () throws(RPCError) in
          _ = try await client.unaryCall(request(size, answered: false), options: options)
        }
        #expect(got == expected, "\(size)")
      }
      // The client has limits, too.
      let loop = try EventLoop(name: "small")
      defer { loop.shutdown() }
      var small = RPCChannel.Configuration(host: "127.0.0.1", port: server.address.port ?? 0)
      small.calls.messageBytes = 100
      let narrow = RPCChannel(small, on: loop)
      let got = await code { () throws(RPCError) in
        _ = try await TestServiceClient(narrow).unaryCall(request(1000), options: options)
      }
      #expect(got == .resourceExhausted)
      await narrow.shutDown()
    }
  }

  @Test func `T46 metadata come back as they were sent`() async throws {
    let bytes = Array(UInt8.min...UInt8.max)
    var metadata: Metadata = ["x-a": "1", "x-b-bin": .binary(bytes), "x-a": "2", "grpc-x": "no"]
    metadata.append([], for: "x-b-bin")
    try await withServer([Mirror()]) { _, channel in
      let response = try await channel.response(
        TestServiceMethods.unaryCall, request(1), CallOptions(metadata: metadata))
      #expect(response.trailingMetadata.values(named: "x-a") == ["1", "2"])
      #expect(response.trailingMetadata.binaryValues(named: "x-b-bin") == [bytes, []])
      #expect(response.trailingMetadata["grpc-x"] == nil)
    }
  }

  @Test(arguments: [
    // Beyond what is announced one call is refused, far beyond it the connection ends (2.4 in the
    // reliability checks); the next call finds another one.
    (8 * 1024, 7000, StatusCode.ok), (8 * 1024, 9000, .resourceExhausted),
    (8 * 1024, 63 * 1024, .unavailable), (80 * 1024, 63 * 1024, .ok),
    (32 * 1024, 63 * 1024, .resourceExhausted),
  ])
  func `T46 a value may be as long as both sides allow`(
    _ limit: Int, _ size: Int, _ expected: StatusCode
  ) async throws {
    var http2 = Limits()
    http2.headerListSize = limit
    if limit > 8 * 1024 { http2.headerListSizeBeforeClosing = 100 * 1024 }
    let value = (0..<size).map { String(UnicodeScalar(UInt8(0x21 + $0 % 90))) }.joined()
    let configured = http2
    try await withServer([Mirror()], configure: { $0.http2 = configured }) { server, _ in
      let loop = try EventLoop(name: "large")
      defer { loop.shutdown() }
      var configuration = RPCChannel.Configuration(
        host: "127.0.0.1", port: server.address.port ?? 0)
      configuration.http2 = http2
      let channel = RPCChannel(configuration, on: loop)
      var echo: String?
      let got = await code { () throws(RPCError) in
        echo = try await channel.response(
          TestServiceMethods.unaryCall, request(1), CallOptions(metadata: ["x-a": .text(value)])
        ).trailingMetadata["x-a"]
      }
      #expect(got == expected)
      #expect(echo == (expected == .ok ? value : nil))
      _ = try await channel.response(TestServiceMethods.unaryCall, request(1), CallOptions())
      await channel.shutDown()
    }
  }

  @Test func `T46 binary values may be padded, and several may be joined`() async throws {
    try await withServer([Mirror()]) { server, _ in
      try await withConnection(to: server) { connection in
        for (sent, last) in [
          ("AQI=", "AQI"), ("AQI", "AQI"), ("AQI=,AwQ", "AwQ"), ("AQI, AwQ=", "AwQ"), ("", ""),
        ] {
          let parts = await RawExchange.run(
            on: connection,
            headers([":path": "/grpc.testing.TestService/UnaryCall", "x-b-bin": sent]),
            [[0, 0, 0, 0, 0]])
          #expect(parts.status == "0")
          #expect(parts.trailers["x-b-bin"] == last, "\(sent)")
        }
      }
    }
  }

  /// Waits until it is cancelled; notes how late that was.
  private final class Patient: RPC.Service {
    let delays = Mutex<[Duration]>([])

    func register(in router: inout Router) {
      router.unary(TestServiceMethods.emptyCall) { request, context in
        try? await Task.sleep(for: .seconds(60))
        let late = context.deadline.map { ContinuousClock.now - $0 } ?? .seconds(60)
        self.delays.withLock { $0.append(late) }
        return request
      }
    }
  }

  @Test func `T49 a deadline ends the call and cancels its handler`() async throws {
    let patient = Patient()
    try await withServer(
      [patient],
      configure: {
        $0.http2.concurrentStreams = 1000
        $0.admission.callsPerConnection = 1000
        // Where the client is faster, it withdraws more calls at once than a good client would.
        $0.http2.resets = .unlimited
      }
    ) { server, channel in
      let client = TestServiceClient(channel)
      let codes = await withTaskGroup(of: StatusCode.self) { group in
        for _ in 0..<1000 {
          let options = CallOptions(timeout: .microseconds(Int64.random(in: 0...50_000)))
          group.addTask {
            await code { () throws(RPCError) in
              _ = try await client.emptyCall(Empty(), options: options)
            }
          }
        }
        return await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(codes == [.deadlineExceeded])
      // Returns once every handler has.
      await server.shutDown(grace: .zero)
      let delays = patient.delays.withLock { $0.sorted() }
      #expect(delays.allSatisfy { $0 < .seconds(5) })
      // The machine may be busy, or its programs slowed by a sanitizer: a tenth of them is enough.
      #expect(delays.isEmpty || delays[delays.count / 10] < .milliseconds(50))
    }
  }

  @Test func `T51 thousands of calls that run out of time together all say so`() async throws {
    try await runOutOfTime(2000)
  }

  /// So many calls at once whose deadlines pass together.
  func runOutOfTime(_ count: Int) async throws {
    let patient = Patient()
    try await withServer([patient]) { server, channel in
      let client = TestServiceClient(channel)
      let options = CallOptions(deadline: .now + .seconds(1))
      let codes = await withTaskGroup(of: StatusCode.self) { group in
        for _ in 0..<count {
          group.addTask {
            await code { () throws(RPCError) in
              _ = try await client.emptyCall(Empty(), options: options)
            }
          }
        }
        return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
      #expect(codes == [.deadlineExceeded: count])
      // Those that the server never heard of cost it nothing.
      await server.shutDown(grace: .zero)
      #expect(patient.delays.withLock(\.count) <= 200)
    }
  }

  /// Counts its calls from both ends.
  private struct Counting: RPC.Service {
    let started = Atomic64()
    let ended = Atomic64()

    func register(in router: inout Router) {
      router.bidirectional(TestServiceMethods.fullDuplexCall) { requests, responses, _ in
        started.add()
        defer { ended.add() }
        for try await _ in requests { try await responses.write(StreamingOutputCallResponse()) }
      }
    }
  }

  @Test func `T50 a call may be cancelled at any point, and nothing of it stays`() async throws {
    let counting = Counting()
    try await withServer([counting]) { server, _ in
      // A server takes a peer that resets without end for an attacker: every 50 come as another.
      for _ in 0..<10 {
        try await withChannel(.plaintext, port: server.address.port ?? 0) { channel in
          for point in 0..<50 {
            try await cancelCall(of: TestServiceClient(channel), after: point % 20)
          }
        }
      }
      // Returns once every handler has.
      await server.shutDown(grace: .seconds(10))
      #expect(counting.started.value == counting.ended.value)
      #expect(counting.started.value > 400)
    }
  }

  private func cancelCall(of client: TestServiceClient, after steps: Int) async throws {
    let call = try await client.fullDuplexCall()
    var responses = call.responses.makeAsyncIterator()
    for step in 0..<steps {
      try await call.requests.write(StreamingOutputCallRequest())
      if step % 2 == 0 { _ = try await responses.next() }
    }
    if steps == 19 { call.requests.finish() }
    call.cancel()
    let end = await code { () throws(RPCError) in while try await responses.next() != nil {} }
    #expect(end == .cancelled || (steps == 19 && end == .ok))
  }

  /// Writes after its call is over.
  private struct Late: RPC.Service {
    struct Secret: Error { let password = "s3cret" }
    let refused = Signal()

    func register(in router: inout Router) {
      router.serverStreaming(TestServiceMethods.streamingOutputCall) { _, responses, _ in
        try await responses.write(StreamingOutputCallResponse())
        Task.detached {
          do throws(RPCError) {
            while true { try await responses.write(StreamingOutputCallResponse()) }
          } catch { refused.fire() }
        }
        throw Secret()
      }
    }
  }

  @Test func `T52 a handler that fails tells nothing, and writing after the end is refused`()
    async throws
  {
    let late = Late()
    try await withServer([late]) { _, channel in
      let responses = try await TestServiceClient(channel)
        .streamingOutputCall(StreamingOutputCallRequest())
      let error = await #expect(throws: RPCError.self) { for try await _ in responses {} }
      #expect(error?.code == .unknown)
      #expect(error?.message == "internal error")
      await late.refused.wait()
    }
  }
}

/// The same with larger numbers.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["LINKD_LONG"] != nil))
struct ReliabilityLongRuns {
  @Test func `T51 ten thousand calls that run out of time together all say so`() async throws {
    try await ReliabilityTests().runOutOfTime(10_000)
  }
}
