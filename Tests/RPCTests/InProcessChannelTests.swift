import Protobuf
import RPC
import Synchronization
import Testing

struct InProcessChannelTests {
  private func blob(_ count: Int) throws -> Blob {
    // Field 1, length-delimited, as nobody in particular would have written it.
    var bytes: [UInt8] = [0x0a]
    var rest = count
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return try Blob(serialized: bytes + [UInt8(rest)] + [UInt8](repeating: 7, count: count))
  }

  @Test(arguments: Compression.allCases)
  func `messages and metadata go there and back`(_ compression: Compression) async throws {
    let service = Echo { request, context in
      context.responseMetadata = ["initial": .text(context.metadata["ask"] ?? "")]
      context.trailingMetadata = ["trailing-bin": .binary([0xab])]
      #expect(context.path == "/t.Echo/Do")
      return request
    }
    let channel = InProcessChannel([service])
    let request = try blob(5000)
    let response = try await channel.response(
      Echo.method, request, CallOptions(metadata: ["ask": "me"], compression: compression))
    #expect(response.message == request)
    #expect(response.metadata["initial"] == "me")
    #expect(response.trailingMetadata[binary: "trailing-bin"] == [0xab])
  }

  @Test func `an error arrives with its code, message and metadata, its cause does not`() async {
    let service = Echo { _, _ in
      throw RPCError(.notFound, "no ☺", metadata: ["why": "gone"], cause: CancellationError())
    }
    let error = await #expect(throws: RPCError.self) {
      try await InProcessChannel([service]).unary(Echo.method, Blob(), CallOptions())
    }
    #expect(error?.code == .notFound)
    #expect(error?.message == "no ☺")
    #expect(error?.metadata["why"] == "gone")
    #expect(error?.cause == nil)
  }

  @Test func `a method that nobody serves is unimplemented`() async {
    let error = await #expect(throws: RPCError.self) {
      try await InProcessChannel([]).unary(Echo.method, Blob(), CallOptions())
    }
    #expect(error?.code == .unimplemented)
  }

  @Test func `a message over the limit is refused`() async throws {
    let channel = InProcessChannel([Echo()], limits: CallLimits(messageBytes: 100))
    let request = try blob(200)
    let error = await #expect(throws: RPCError.self) {
      try await channel.unary(Echo.method, request, CallOptions())
    }
    #expect(error?.code == .resourceExhausted)
  }

  @Test func `the deadline reaches the handler, and its passing cancels it`() async {
    let service = Echo { request, context in
      #expect((context.timeRemaining ?? .seconds(9)) <= .milliseconds(20))
      try await Task.sleep(for: .seconds(60))
      return request
    }
    let error = await #expect(throws: RPCError.self) {
      try await InProcessChannel([service])
        .unary(Echo.method, Blob(), CallOptions(timeout: .milliseconds(20)))
    }
    #expect(error?.code == .deadlineExceeded)
  }

  @Test func `the earlier of two limits on the time counts`() async throws {
    let service = Echo { request, context in
      #expect((context.timeRemaining ?? .zero) <= .seconds(500))
      #expect((context.timeRemaining ?? .zero) > .seconds(100))
      return request
    }
    let options = CallOptions(timeout: .seconds(5000), deadline: .now.advanced(by: .seconds(500)))
    _ = try await InProcessChannel([service]).unary(Echo.method, Blob(), options)
  }
}

struct InterceptorTests {
  /// Notes when it is passed, and in which direction.
  private final class Journal: Sendable {
    let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
  }

  private struct Noting: AsyncServerInterceptor, ClientInterceptor {
    let name: String
    let journal: Journal

    func intercept<Answer: Sendable>(
      _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
    ) async throws -> Answer {
      journal.note("> \(name)")
      defer { journal.note("< \(name)") }
      var context = context
      context.setIdentity(name)
      return try await next(context)
    }

    func intercept<Answer: Sendable>(
      _ call: OutgoingCall, _ next: (OutgoingCall) async throws(RPCError) -> Answer
    ) async throws(RPCError) -> Answer {
      journal.note("> \(name)")
      defer { journal.note("< \(name)") }
      var call = call
      call.metadata.append(name, for: "via")
      return try await next(call)
    }
  }

  private struct Refusing: AsyncServerInterceptor {
    func intercept<Answer: Sendable>(
      _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
    ) async throws -> Answer { throw RPCError(.unauthenticated, "who are you") }
  }

  @Test func `the first interceptor is the outermost, on both sides`() async throws {
    let journal = Journal()
    let service = Echo { request, context in
      journal.note("handler for \(context.identity(as: String.self) ?? "nobody")")
      #expect(context.metadata.values(named: "via") == ["c", "d"])
      return request
    }
    let channel = InProcessChannel(
      [service],
      interceptors: [Noting(name: "a", journal: journal), Noting(name: "b", journal: journal)]
    ).intercepted(by: [Noting(name: "c", journal: journal), Noting(name: "d", journal: journal)])
    _ = try await channel.unary(Echo.method, Blob(), CallOptions())
    #expect(
      journal.lines.withLock(\.self) == [
        "> c", "> d", "> a", "> b", "handler for b", "< b", "< a", "< d", "< c",
      ])
  }

  @Test func `an interceptor refuses before the request is decoded`() async {
    let channel = InProcessChannel([Echo()], interceptors: [Refusing()])
    let call = OutgoingCall(Echo.method, CallOptions())
    let error = await #expect(throws: RPCError.self) {
      try await channel.unary(call, message: [0xff])
    }
    #expect(error?.code == .unauthenticated)
  }
}
