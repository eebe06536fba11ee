import RPC
import RPCNet
import TestAPI
import Testing

/// Handlers that never wait.
struct ImmediateHandlerTests {
  @Test(arguments: Transport.allCases)
  func `one that never waits answers, fails and is asked for its response metadata`(
    _ transport: Transport
  ) async throws {
    try await withServer([ImmediateGreeter()], over: transport) { _, channel in
      let answer = try await greet("a", channel)
      #expect(answer.message.message == "in no task: a")
      #expect(answer.metadata["x-greeted"] == "yes")
      // Does not come whole: somebody has to wait for it.
      let long = String(repeating: "b", count: 100_000)
      let waited = try await greet(long, channel)
      #expect(waited.message.message == "in a task: " + long)
      let error = await #expect(throws: RPCError.self) { try await greet("fail", channel) }
      #expect(error?.code == .failedPrecondition)
      let crash = await #expect(throws: RPCError.self) { try await greet("crash", channel) }
      #expect(crash?.code == .unknown)
    }
  }

  @Test func `behind an interceptor, which may wait, it runs in a task`() async throws {
    try await withServer([ImmediateGreeter()], interceptors: [Waiting()]) { _, channel in
      let answer = try await greet("a", channel)
      #expect(answer.message.message == "in a task: a")
      await #expect(throws: RPCError.self) { try await greet("refused", channel) }
    }
  }

  private func greet(
    _ name: String, _ channel: RPCChannel
  ) async throws -> Response<HelloReply> {
    var request = HelloRequest()
    request.name = name
    return try await channel.response(GreeterMethods.sayHello, request)
  }
}

private struct ImmediateGreeter: Service {
  func register(in router: inout Router) {
    router.unary(GreeterMethods.sayHello, withoutWaiting: greet)
  }

  private func greet(_ request: HelloRequest, _ context: ServerContext) throws -> HelloReply {
    switch request.name {
    case "fail": throw RPCError(.failedPrecondition, "no")
    case "crash": throw Crash()
    case "refused": throw RPCError(.permissionDenied, "no")
    default: break
    }
    context.responseMetadata["x-greeted"] = "yes"
    let isInTask = unsafe withUnsafeCurrentTask { unsafe $0 != nil }
    var reply = HelloReply()
    reply.message = (isInTask ? "in a task: " : "in no task: ") + request.name
    return reply
  }

  private struct Crash: Error {}
}

private struct Waiting: ServerInterceptor {
  func intercept<Answer: Sendable>(
    _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
  ) async throws -> Answer {
    await Task.yield()
    return try await next(context)
  }
}
