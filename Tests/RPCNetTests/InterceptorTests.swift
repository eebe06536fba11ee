import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// Interceptors on both sides of a network, around calls of all four kinds.
struct InterceptorTests {
  static let kinds: [MethodKind] = [.unary, .serverStreaming, .clientStreaming, .bidirectional]

  /// Who was passed, in order.
  private final class Journal: Sendable {
    private let entries = Mutex<[String]>([])
    var lines: [String] { entries.withLock(\.self) }
    func note(_ line: String) { entries.withLock { $0.append(line) } }
  }

  /// Notes when a call passes it and when its answer does, and adds its name to what goes by.
  private struct Noting: AsyncServerInterceptor, ClientInterceptor {
    let name: String
    let journal: Journal

    func intercept<Answer: Sendable>(
      _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
    ) async throws -> Answer {
      journal.note("> \(name)")
      defer { journal.note("< \(name)") }
      var context = context
      context.setIdentity((context.identity(as: String.self) ?? "") + name)
      context.responseMetadata.append(name, for: "passed")
      defer { context.trailingMetadata.append(name, for: "passed") }
      return try await next(context)
    }

    func intercept<Answer: Sendable>(
      _ call: OutgoingCall, _ next: (OutgoingCall) async throws(RPCError) -> Answer
    ) async throws(RPCError) -> Answer {
      journal.note("> \(name)")
      defer { journal.note("< \(name)") }
      var call = call
      call.metadata.append(name, for: "via")
      call.deadline = call.deadline ?? .now + .seconds(1000)
      return try await next(call)
    }
  }

  /// Answers with as many messages as it gets, or one, and notes what its calls look like.
  private struct Noted: RPC.Service {
    let journal: Journal

    private func note(_ context: ServerContext) {
      let via = context.metadata.values(named: "via").joined()
      let isTimed = (context.timeRemaining ?? .zero) > .seconds(100)
      journal.note("\(via) for \(context.identity(as: String.self) ?? "nobody"), timed: \(isTimed)")
    }

    func register(in router: inout Router) {
      router.unary(TestServiceMethods.unaryCall) { _, context in
        note(context)
        return SimpleResponse()
      }
      router.serverStreaming(TestServiceMethods.streamingOutputCall) { _, responses, context in
        note(context)
        for _ in 0..<2 { try await responses.write(StreamingOutputCallResponse()) }
      }
      router.clientStreaming(TestServiceMethods.streamingInputCall) { requests, context in
        note(context)
        for try await _ in requests {}
        return StreamingInputCallResponse()
      }
      router.bidirectional(TestServiceMethods.fullDuplexCall) { requests, responses, context in
        note(context)
        for try await _ in requests { try await responses.write(StreamingOutputCallResponse()) }
      }
    }
  }

  /// The metadata before and after the messages of one call, as frames show them.
  private func passed(_ kind: MethodKind, _ channel: any Channel) async throws -> [[String]] {
    let call = OutgoingCall(method(kind), CallOptions())
    if kind == .unary {
      let response = try await channel.unary(call, message: [])
      return [response.metadata, response.trailingMetadata].map { $0.values(named: "passed") }
    }
    let exchange = try await channel.open(call)
    // A call that is refused may be over by now: what comes back says so.
    try? await exchange.send([0, 0, 0, 0, 0], compressed: false)
    exchange.finishSending()
    while try await exchange.receive() != nil {}
    return [try await exchange.metadata, exchange.trailingMetadata]
      .map { $0.values(named: "passed") }
  }

  private func method(_ kind: MethodKind) -> MethodDescriptor<Empty, Empty> {
    let name =
      switch kind {
      case .unary: "UnaryCall"
      case .serverStreaming: "StreamingOutputCall"
      case .clientStreaming: "StreamingInputCall"
      case .bidirectional: "FullDuplexCall"
      }
    return MethodDescriptor(service: "grpc.testing.TestService", method: name, kind: kind)
  }

  @Test(arguments: kinds, Transport.allCases)
  func `the first is the outermost on both sides, and each may add metadata`(
    _ kind: MethodKind, _ transport: Transport
  ) async throws {
    let (client, server) = (Journal(), Journal())
    try await withServer(
      [Noted(journal: server)], over: transport,
      interceptors: [Noting(name: "a", journal: server), Noting(name: "b", journal: server)]
    ) { _, channel in
      let channel = channel.intercepted(
        by: [Noting(name: "c", journal: client), Noting(name: "d", journal: client)])
      let passed = try await self.passed(kind, channel)
      #expect(passed == [["a", "b"], ["b", "a"]])
      #expect(client.lines == ["> c", "> d", "< d", "< c"])
      #expect(server.lines == ["> a", "> b", "cd for ab, timed: true", "< b", "< a"])
    }
  }

  /// Refuses every call.
  private struct Refusing: AsyncServerInterceptor, ClientInterceptor {
    let error = RPCError(.unauthenticated, "who are you", metadata: ["why": "no token"])

    func intercept<Answer: Sendable>(
      _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
    ) async throws -> Answer { throw error }

    func intercept<Answer: Sendable>(
      _ call: OutgoingCall, _ next: (OutgoingCall) async throws(RPCError) -> Answer
    ) async throws(RPCError) -> Answer { throw error }
  }

  @Test(arguments: kinds, [Transport.plaintext, .memory])
  func `one that refuses is heard on the way back, and nobody behind it hears of the call`(
    _ kind: MethodKind, _ transport: Transport
  ) async throws {
    let server = Journal()
    try await withServer(
      [Noted(journal: server)], over: transport,
      interceptors: [
        Noting(name: "a", journal: server), Refusing(), Noting(name: "b", journal: server),
      ]
    ) { _, channel in
      let error = await #expect(throws: RPCError.self) { try await passed(kind, channel) }
      #expect(error?.code == .unauthenticated && error?.message == "who are you")
      #expect(error?.metadata["why"] == "no token")
      #expect(server.lines == ["> a", "< a"])
      // On the side of the client it does not even reach the network.
      let client = Journal()
      let refusing = channel.intercepted(by: [Noting(name: "c", journal: client), Refusing()])
      let refusal = await #expect(throws: RPCError.self) { try await passed(kind, refusing) }
      #expect(refusal?.code == .unauthenticated)
      #expect(client.lines == ["> c", "< c"])
      #expect(server.lines == ["> a", "< a"])
    }
  }

  /// Tells its callers something else than what went wrong.
  private struct Translating: AsyncServerInterceptor {
    func intercept<Answer: Sendable>(
      _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
    ) async throws -> Answer {
      do { return try await next(context) } catch {
        throw RPCError(.aborted, "was \(RPCError.wrapping(error).code)")
      }
    }
  }

  @Test func `one may say another error, also after messages have been sent`() async throws {
    struct Failing: RPC.Service {
      func register(in router: inout Router) {
        router.unary(TestServiceMethods.unaryCall) { _, _ in throw RPCError(.notFound, "") }
        router.serverStreaming(TestServiceMethods.streamingOutputCall) { _, responses, _ in
          try await responses.write(StreamingOutputCallResponse())
          throw RPCError(.notFound, "")
        }
      }
    }
    try await withServer([Failing()], over: .memory, interceptors: [Translating()]) { _, channel in
      for kind in [MethodKind.unary, .serverStreaming] {
        let error = await #expect(throws: RPCError.self) { try await passed(kind, channel) }
        #expect(error?.code == .aborted && error?.message == "was \(StatusCode.notFound)")
      }
    }
  }

  @Test func `what a client's interceptor adds reaches a server of grpcio`() async throws {
    struct Asking: ClientInterceptor {
      func intercept<Answer: Sendable>(
        _ call: OutgoingCall, _ next: (OutgoingCall) async throws(RPCError) -> Answer
      ) async throws(RPCError) -> Answer {
        var call = call
        call.metadata.append("from the interceptor", for: "x-echo")
        call.metadata[binary: "x-echo-bin"] = [0xff]
        return try await next(call)
      }
    }
    try await Python.withServer(.plaintext) { port in
      try await withChannel(.plaintext, port: port) { channel in
        var request = HelloRequest()
        request.name = "metadata"
        let response = try await channel.intercepted(by: [Asking()])
          .response(GreeterMethods.sayHello, request)
        #expect(response.metadata["x-echo"] == "from the interceptor")
        #expect(response.trailingMetadata[binary: "x-echo-bin"] == [0xff])
      }
    }
  }
}
