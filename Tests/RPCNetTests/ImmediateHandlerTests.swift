import RPC
import RPCNet
import Synchronization
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

  @Test func `behind one that does not wait it runs in none, and its end is heard all the same`()
    async throws
  {
    let hearing = Hearing()
    try await withServer([ImmediateGreeter()], interceptors: [hearing, hearing]) { _, channel in
      try await expect("a", gives: "in no task: a", channel)
      let long = String(repeating: "b", count: 100_000)
      try await expect(long, gives: "in a task: " + long, channel)
      await #expect(throws: RPCError.self) { try await greet("fail", channel) }
      let late = await #expect(throws: RPCError.self) {
        try await greet("fail" + long, channel)
      }
      #expect(late?.code == .aborted)
      await #expect(throws: RPCError.self) { try await greet("spoiled", channel) }
    }
    let expected = [
      "OK", "OK", "OK", "OK", "FAILED_PRECONDITION", "ABORTED", "FAILED_PRECONDITION", "ABORTED",
      "OK", "ABORTED",
    ]
    #expect(hearing.heard.withLock(\.self) == expected)
  }

  @Test func `one that cannot answer without waiting leaves that to the other handler`()
    async throws
  {
    try await withServer([HalfImmediateGreeter()], interceptors: [Hearing()]) { _, channel in
      try await expect("a", gives: "at once: a", channel)
      try await expect("wait", gives: "later: wait", channel)
      let long = String(repeating: "b", count: 100_000)
      try await expect(long, gives: "at once: " + long, channel)
      try await expect("wait" + long, gives: "later: wait" + long, channel)
    }
  }

  private func expect(_ name: String, gives text: String, _ channel: RPCChannel) async throws {
    let answer = try await greet(name, channel)
    #expect(answer.message.message == text)
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
    case _ where request.name.hasPrefix("fail"): throw RPCError(.failedPrecondition, "no")
    case "crash": throw Crash()
    case "refused": throw RPCError(.permissionDenied, "no")
    default: break
    }
    context.responseMetadata["x-greeted"] = request.name == "spoiled" ? "spoiled" : "yes"
    let isInTask = unsafe withUnsafeCurrentTask { unsafe $0 != nil }
    var reply = HelloReply()
    reply.message = (isInTask ? "in a task: " : "in no task: ") + request.name
    return reply
  }

  private struct Crash: Error {}
}

private struct Waiting: AsyncServerInterceptor {
  func intercept<Answer: Sendable>(
    _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
  ) async throws -> Answer {
    await Task.yield()
    return try await next(context)
  }
}

/// Hears how calls end, and makes every error, and the success of one call, another error.
private final class Hearing: ServerInterceptor {
  let heard = Mutex<[String]>([])

  func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    try next(context) { [self] outcome in
      switch outcome {
      case .success:
        heard.withLock { $0.append("OK") }
        if context.responseMetadata["x-greeted"] == "spoiled" {
          throw RPCError(.aborted, "spoiled")
        }
      case .failure(let error):
        heard.withLock { $0.append("\(RPCError.wrapping(error).code)") }
        throw RPCError(.aborted, "failed")
      }
    }
  }
}

private struct HalfImmediateGreeter: GreeterProtocol {
  func register(in router: inout Router) {
    addMethods(to: &router)
    router.tryAtOnce(GreeterMethods.sayHello, greetAtOnce)
  }

  private func greetAtOnce(_ request: HelloRequest, _ context: ServerContext) -> HelloReply? {
    request.name.hasPrefix("wait") ? nil : reply("at once: " + request.name)
  }

  func sayHello(_ request: HelloRequest, context: ServerContext) async throws -> HelloReply {
    await Task.yield()
    return reply("later: " + request.name)
  }

  private func reply(_ text: String) -> HelloReply {
    var reply = HelloReply()
    reply.message = text
    return reply
  }
}
