import HTTP2
import Interop
import Linux
import Net
import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// What is kept of a request, for how long, and for whom.
struct RequestBodyTests {
  /// The first bytes of a message of a megabyte.
  private static let beginning: [UInt8] = [0, 0, 0x10, 0, 0] + [UInt8](repeating: 0, count: 9000)

  /// Refuses every call, once it is told to.
  private struct Doorman: AsyncServerInterceptor {
    let arrived = Signal()
    let mayRefuse = Signal()

    func intercept<Answer: Sendable>(
      _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
    ) async throws -> Answer {
      arrived.fire()
      await mayRefuse.wait()
      throw RPCError(.unauthenticated, "no")
    }
  }

  @Test(arguments: [
    "/helloworld.Greeter/SayHello", "/grpc.testing.TestService/StreamingOutputCall",
  ])
  func `a call is refused before its request has come`(_ path: String) async throws {
    let doorman = Doorman()
    doorman.mayRefuse.fire()
    let services: [any RPC.Service] = [TestGreeter(), TestServer()]
    try await withServer(services, interceptors: [doorman]) { server, _ in
      try await withConnection(to: server) { connection in
        let parts = await RawExchange.run(
          on: connection, headers([":path": path]), [Self.beginning], endStream: false)
        #expect(parts.status == "16")
        #expect(parts.last == .closed(.noError, connectionLost: false))
      }
    }
  }

  /// Not even the window of its stream is given back to a client that has not been let in: all that
  /// it can have us keep is a window full.
  @Test(arguments: [MethodKind.unary, .serverStreaming, .bidirectional])
  func `what nobody has asked for is held back`(_ kind: MethodKind) async throws {
    let doorman = Doorman()
    let services: [any RPC.Service] = [TestServer()]
    // A byte more than a window would be too much.
    try await withServer(
      services, interceptors: [doorman],
      configure: { $0.calls.requestBytesPerConnection = 65_536 }
    ) { _, channel in
      let call = try await begin(kind, on: channel)
      await doorman.arrived.wait()
      // Behind these, all that was allowed has come.
      for _ in 0..<100 { _ = try? await channel.unary(unknown, Empty(), CallOptions()) }
      doorman.mayRefuse.fire()
      let error = await #expect(throws: RPCError.self) { try await call.value }
      #expect(error?.code == .unauthenticated)
    }
  }

  @Test(
    arguments: [
      "/helloworld.Greeter/SayHello", "/grpc.testing.TestService/StreamingOutputCall",
    ], [[], [[0, 0]]] as [[[UInt8]]])
  func `a request that does not come in time makes room for others`(
    _ path: String, _ pieces: [[UInt8]]
  ) async throws {
    let services: [any RPC.Service] = [TestGreeter(), TestServer()]
    try await withServer(services, configure: hurry) { server, _ in
      try await withConnection(to: server) { connection in
        for _ in 0..<3 {
          let parts = await RawExchange.run(
            on: connection, headers([":path": path]), pieces, endStream: false)
          #expect(parts.status == "4")
          #expect(parts.last == .closed(.noError, connectionLost: false))
        }
        #expect(server.refusals[RefusalReason(rawValue: "slow_sender")] == 3)
      }
    }
  }

  @Test func `whoever is refused learns it even if it never gets to its end`() async throws {
    let (refusals, log) = AsyncStream.makeStream(of: Net.Refusal.self)
    try await withServer([TestGreeter()]) {
      hurry(&$0)
      $0.refused = { log.yield($0) }
    } _: { server, _ in
      try await withConnection(to: server) { connection in
        for _ in 0..<2 {
          let parts = await RawExchange.run(
            on: connection, headers([":path": "/nowhere", "content-type": nil]), [[1]],
            endStream: false)
          #expect(parts.headers[":status"] == "415")
          #expect(parts.last == .closed(.noError, connectionLost: false))
        }
      }
    }
    log.finish()
    // Both were counted, and one was told.
    let reasons = await refusals.reduce(into: []) { $0.append($1.reason.rawValue) }
    #expect(reasons == ["slow_sender"])
  }

  /// Waits for requests for a moment, and has room for one call.
  private func hurry(_ configuration: inout RPCServer.Configuration) {
    configuration.admission.calls = 1
    configuration.calls.timeToFinishRequest = .milliseconds(20)
    configuration.net.streamCheckPeriod = .milliseconds(5)
  }

  private var unknown: MethodDescriptor<Empty, Empty> {
    MethodDescriptor(service: "no.Service", method: "No", kind: .unary)
  }

  /// Sends a request of a megabyte.
  private func begin(_ kind: MethodKind, on channel: RPCChannel) async throws -> Task<
    Void, any Error
  > {
    let client = TestServiceClient(channel)
    return Task {
      switch kind {
      case .unary: _ = try await client.unaryCall(request(1 << 20))
      case .serverStreaming:
        var request = StreamingOutputCallRequest()
        request.payload = payload(1 << 20)
        for try await _ in try await client.streamingOutputCall(request) {}
      case .clientStreaming, .bidirectional:
        let call = try await client.fullDuplexCall()
        var request = StreamingOutputCallRequest()
        request.payload = payload(1 << 20)
        try? await call.requests.write(request)
        for try await _ in call.responses {}
      }
    }
  }

  private func payload(_ size: Int) -> Payload {
    var payload = Payload()
    payload.body = [UInt8](repeating: 1, count: size)
    return payload
  }

  private func request(_ size: Int) -> SimpleRequest {
    var request = SimpleRequest()
    request.payload = payload(size)
    return request
  }

  /// Keeps its requests until it is told to answer.
  private struct Holding: RPC.Service {
    let arrived = Signal()
    let goOn = Signal()

    func register(in router: inout Router) {
      router.unary(TestServiceMethods.unaryCall) { request, _ in
        arrived.fire()
        await goOn.wait()
        return SimpleResponse()
      }
    }
  }

  @Test(arguments: [300_000, Int.max], [Compression.identity, .gzip])
  func `the requests of a connection share what is kept for it`(
    _ limit: Int, _ compression: Compression
  ) async throws {
    let holding = Holding()
    try await withServer(
      [holding], configure: { $0.calls.requestBytesPerConnection = limit }
    ) { server, channel in
      let client = TestServiceClient(channel)
      let options = CallOptions(compression: compression)
      let first = Task { try await client.unaryCall(request(200_000), options: options) }
      await holding.arrived.wait()
      let second = Task { try await client.unaryCall(request(200_000), options: options) }
      if limit < .max {
        let error = await #expect(throws: RPCError.self) { try await second.value }
        #expect(error?.code == .resourceExhausted)
      } else {
        await holding.arrived.wait()
      }
      // Another connection has room of its own, and so has this one when the first call is over.
      try await withChannel(.plaintext, port: server.address.port ?? 0) { other in
        let third = Task { try await TestServiceClient(other).unaryCall(request(200_000)) }
        await holding.arrived.wait()
        for _ in 0..<3 { holding.goOn.fire() }
        _ = try await third.value
      }
      _ = try await first.value
      _ = try? await second.value
      holding.goOn.fire()
      _ = try await client.unaryCall(request(200_000), options: options)
    }
  }

  @Test func `a request that is refused for its own sake takes nobody's place`() async throws {
    try await withServer([TestGreeter()]) { server, _ in
      try await withConnection(to: server) { connection in
        // More than one connection may have under way.
        for _ in 0..<300 {
          let parts = await RawExchange.run(on: connection, headers(), [[]])
          #expect(parts.status == "12")
        }
      }
    }
  }

  /// Notes what calls failed with.
  private final class Log: AsyncServerInterceptor {
    let faults = Mutex<[Bool]>([])

    func intercept<Answer: Sendable>(
      _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
    ) async throws -> Answer {
      do { return try await next(context) } catch {
        faults.withLock { $0.append(RPCError.wrapping(error).cause is PeerFault) }
        throw error
      }
    }
  }

  @Test func `a request that cannot be decoded is its sender's fault`() async throws {
    let log = Log()
    try await withServer([TestGreeter()], interceptors: [log]) { server, channel in
      try await withConnection(to: server) { connection in
        let parts = await RawExchange.run(on: connection, headers(), [[0, 0, 0, 0, 1, 0xff]])
        #expect(parts.status == "13")
        #expect(log.faults.withLock(\.self) == [true])
      }
      var request = HelloRequest()
      request.name = "crash"
      _ = try? await GreeterClient(channel).sayHello(request)
      #expect(log.faults.withLock(\.self) == [true, false])
    }
  }
}
