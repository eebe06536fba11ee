import HTTP2
import Linux
import Net
import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// A server that turns calls away so that it can answer the others: T6, T143.
struct AdmissionTests {
  /// A service whose handlers wait until they are let go, whatever their callers do.
  private final class Stubborn: GreeterProtocol {
    let most = Mutex((now: 0, most: 0))
    private let gate = AsyncStream<Void>.makeStream()

    func sayHello(_ request: HelloRequest, context: ServerContext) async throws -> HelloReply {
      most.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      defer { most.withLock { $0.now -= 1 } }
      let gate = gate.stream
      await Task.detached { for await _ in gate { return } }.value
      return HelloReply()
    }

    func release() { gate.continuation.finish() }
  }

  private static let headers = HeaderBlock([
    ":method": "POST", ":scheme": "http", ":path": "/helloworld.Greeter/SayHello",
    ":authority": "x", "content-type": "application/grpc", "te": "trailers",
  ])

  /// Sends a call and withdraws it as soon as the server has it.
  private static func resetCalls(_ count: Int, port: UInt16) async throws {
    let loop = try EventLoop(name: "attacker")
    defer { loop.shutdown() }
    let connection = try await Connection.dial(.init(host: "127.0.0.1", port: port), on: loop)
    for _ in 0..<count {
      let exchange = Withdrawal()
      await withCheckedContinuation { continuation in
        loop.execute {
          exchange.done = { continuation.resume() }
          let stream = try? connection.openStream(headers, handler: exchange)
          stream?.sendData([0, 0, 0, 0, 0], endStream: true)
          // Once the request is written.
          loop.schedule(after: .milliseconds(1)) { stream?.reset(.cancel) }
        }
      }
    }
  }

  /// What comes back for one call.
  private static func call(
    port: UInt16, timeout: String? = nil
  ) async throws -> [RawExchange.Part] {
    var headers = headers
    if let timeout { headers.append("grpc-timeout", timeout) }
    let loop = try EventLoop(name: "raw")
    defer { loop.shutdown() }
    let connection = try await Connection.dial(.init(host: "127.0.0.1", port: port), on: loop)
    return await RawExchange.run(on: connection, headers, [[0, 0, 0, 0, 0]])
  }

  private final class Withdrawal: StreamHandler, @unchecked Sendable {
    // Touched on the loop alone.
    var done: (() -> Void)?
    func receivedHeaders(_: HeaderBlock, endStream: Bool) {}
    func receivedData(_: Span<UInt8>, endStream: Bool) {}
    func receivedTrailers(_: HeaderBlock) {}
    func becameWritable() {}
    func closed(_: ErrorCode, connectionLost: Bool) { done?() }
  }

  @Test(arguments: [10, .max])
  func `T6: calls that were withdrawn count while their handlers run`(_ limit: Int) async throws {
    let service = Stubborn()
    try await withServer([service], configure: { $0.admission.callsPerConnection = limit }) {
      server, _ in
      try await Self.resetCalls(30, port: server.address.port ?? 0)
      service.release()
      let most = service.most.withLock(\.most)
      #expect(limit == 10 ? most <= 10 : most > 10)
      let reason = RefusalReason.tooManyCallsOfPeer
      #expect((server.refusals[reason] > 0) == (limit == 10))
    }
  }

  @Test func `T143: a call too many is turned away with a pause, and one that ends makes room`()
    async throws
  {
    let service = Stubborn()
    try await withServer([service], configure: { $0.admission.calls = 1 }) { server, channel in
      let first = Task { try await GreeterClient(channel).sayHello(HelloRequest()) }
      while service.most.withLock(\.now) == 0 { await Task.yield() }
      let answer = try await Self.call(port: server.address.port ?? 0)
      #expect(answer.status == "14")
      let pause = try #require(answer.headers["grpc-retry-pushback-ms"].flatMap { Int($0) })
      #expect((100...900).contains(pause))
      #expect(server.refusals[.tooManyCalls] == 1)
      // Whoever waits for less than the shortest pause is out of time.
      for (timeout, status) in [("99m", "4"), ("101m", "14")] {
        let answer = try await Self.call(port: server.address.port ?? 0, timeout: timeout)
        #expect(answer.status == status)
        #expect((answer.headers["grpc-retry-pushback-ms"] == nil) == (status == "4"))
      }
      service.release()
      _ = try await first.value
      // There is room again.
      _ = try await GreeterClient(channel).sayHello(HelloRequest())
    }
  }

  @Test func `T143: a loop that is busy for too long takes on what fits`() {
    var limits = AdmissionLimits()
    limits.busyTurn = .milliseconds(50)
    limits.overloadedTurn = .milliseconds(10)
    limits.calmTime = .nanoseconds(2)
    limits.exempt = ["/a/Health"]
    var admission = Admission(limits, loops: 1)
    /// Offers calls in one turn after one that took so long; returns how many were taken on.
    func offer(_ count: Int, turn: Int64, busy: Int64) -> Int {
      (0..<count).reduce(0) { taken, _ in
        guard admission.refusal(work: 0, turn: turn, busy: busy) == nil else { return taken }
        admission.began()
        admission.ended()
        return taken + 1
      }
    }
    let millisecond: Int64 = 1_000_000
    #expect(offer(1000, turn: 1, busy: 0) == 1000)
    // Not yet too long.
    #expect(offer(1000, turn: 2, busy: 50 * millisecond) == 1000)
    // A thousand took a hundred milliseconds: a hundred fit.
    #expect(offer(1000, turn: 3, busy: 100 * millisecond) == 100)
    // They did, with time to spare: a few more, and so on.
    #expect(offer(1000, turn: 4, busy: 9 * millisecond) == 113)
    #expect(offer(1000, turn: 5, busy: 11 * millisecond) == 102)
    // Few enough come, but not for long.
    #expect(offer(50, turn: 6, busy: 9 * millisecond) == 50)
    #expect(offer(1000, turn: 7, busy: 5 * millisecond) == 115)
    // Now nobody is turned away any more.
    #expect(offer(50, turn: 8, busy: 5 * millisecond) == 50)
    #expect(offer(1000, turn: 10, busy: 5 * millisecond) == 1000)
    #expect(admission.isExempt("/a/Health") && !admission.isExempt("/a/Healthy"))
  }

  @Test(arguments: ["application/json", "application/grpc-web+proto", "application/connect+json"])
  func `calls of every protocol learn when to come back`(_ type: String) async throws {
    let streams = type.contains("connect")
    let path =
      streams ? TestServiceMethods.streamingOutputCall.path : "/helloworld.Greeter/SayHello"
    let watching = Watching()
    try await withServer([watching, TestGreeter()]) {
      $0.admission.calls = 1
    } _: { server, channel in
      let first = watching.begin(channel)
      await watching.opened.wait()
      try await withConnection(to: server) { connection in
        let fields = HeaderBlock([
          ":method": "POST", ":scheme": "http", ":path": path, ":authority": "x",
          "content-type": type,
        ])
        let parts = await RawExchange.run(on: connection, fields, [[]])
        #expect("\(parts.text)\(parts.headers)".contains("grpc-retry-pushback-ms"))
        #expect(parts.headers[":status"] == (type == "application/json" ? "503" : "200"))
        #expect((parts.headers["retry-after"] == "1") == (type == "application/json"))
      }
      first.cancel()
    }
  }

  /// Streams that anybody may open, and that do not end by themselves.
  private struct Watching: RPC.Service {
    let opened = Signal()

    func register(in router: inout Router) {
      router.serverStreaming(TestServiceMethods.streamingOutputCall) { _, _, _ in
        opened.fire()
        try await Task.sleep(for: .seconds(3600))
      }
    }

    /// Opens one.
    func begin(_ channel: RPCChannel) -> Task<Void, any Error> {
      let client = TestServiceClient(channel)
      return Task {
        for try await _ in try await client.streamingOutputCall(StreamingOutputCallRequest()) {}
      }
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [true, false])
  func `those who watch a server take no room from calls`(_ isExempt: Bool) async throws {
    let watching = Watching()
    try await withServer([watching, TestGreeter()]) {
      $0.admission.calls = 3
      $0.admission.exemptCalls = 3
      $0.admission.exemptCallsPerConnection = 2
      if isExempt { $0.admission.exempt = [TestServiceMethods.streamingOutputCall.path] }
    } _: { server, channel in
      let port = server.address.port ?? 0
      try await withChannel(.plaintext, port: port) { other in
        let watches = [watching.begin(channel), watching.begin(channel), watching.begin(other)]
        for _ in watches { await watching.opened.wait() }
        let answer = try await Self.call(port: port)
        #expect(answer.status == (isExempt ? "0" : "14"))
        guard isExempt else { return }
        // One of the connections has no room, and then the server has none.
        for one in [channel, other] {
          let error = await #expect(throws: RPCError.self) { try await watching.begin(one).value }
          #expect(error?.code == .resourceExhausted)
        }
        #expect(server.refusals[.tooManyExemptCalls] == 2)
        watches[0].cancel()
        _ = await watches[0].result
        // The server learns of it later than the caller.
        while server.callsUnderWay > 2 { await Task.yield() }
        let another = watching.begin(other)
        await watching.opened.wait()
        another.cancel()
      }
    }
  }

  @Test func `T143: without a limit of a turn everything is taken on`() {
    var limits = AdmissionLimits()
    limits.busyTurn = .seconds(3600)
    var admission = Admission(limits, loops: 1)
    for turn in 1...3 {
      for _ in 0..<1000 {
        #expect(admission.refusal(work: 0, turn: Int64(turn), busy: 100_000_000) == nil)
        admission.began()
        admission.ended()
      }
    }
  }
}
