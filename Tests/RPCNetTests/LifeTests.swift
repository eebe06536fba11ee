import Linux
import Net
import OpenSSL
import RPC
import RPCNet
import TestAPI
import Testing

/// Calls, channels and servers that end in the middle of something.
struct LifeTests {
  private func request(_ name: String) -> HelloRequest {
    var request = HelloRequest()
    request.name = name
    return request
  }

  @Test func `a cancelled call cancels its handler`() async throws {
    let greeter = TestGreeter()
    try await withServer([greeter]) { _, channel in
      let call = Task { try await GreeterClient(channel).sayHello(request("sleep")) }
      await greeter.started.wait()
      call.cancel()
      await greeter.cancelled.wait()
      let error = await #expect(throws: RPCError.self) { try await call.value }
      #expect(error?.code == .cancelled)
    }
  }

  @Test func `a passed deadline cancels the handler`() async throws {
    let greeter = TestGreeter()
    try await withServer([greeter]) { _, channel in
      let calls = Task {
        // On a busy machine a call may be over before its handler has begun: then another follows.
        while !Task.isCancelled {
          let error = await #expect(throws: RPCError.self) {
            try await GreeterClient(channel)
              .sayHello(request("sleep"), options: CallOptions(timeout: .milliseconds(20)))
          }
          #expect(error?.code == (Task.isCancelled ? error?.code : .deadlineExceeded))
        }
      }
      await greeter.cancelled.wait()
      calls.cancel()
      await calls.value
    }
  }

  @Test func `a server that stops lets calls finish, and cancels those that do not`() async throws {
    let greeter = TestGreeter()
    try await withServer([greeter]) { server, channel in
      let call = Task { try await GreeterClient(channel).sayHello(request("sleep")) }
      await greeter.started.wait()
      await server.shutDown(grace: .milliseconds(20))
      await greeter.cancelled.wait()
      let error = await #expect(throws: RPCError.self) { try await call.value }
      #expect(error?.code == .unavailable)
    }
  }

  @Test func `a channel finds its server again`() async throws {
    let loop = try EventLoop(name: "client")
    defer { loop.shutdown() }
    var port: UInt16 = 0
    var channel: RPCChannel?
    for _ in 0..<3 {
      try await withServer(
        [TestGreeter()], configure: { $0.address = .ipv4(host: "127.0.0.1", port: port) }
      ) { server, _ in
        port = server.address.port ?? 0
        let open = channel ?? RPCChannel(.init(host: "127.0.0.1", port: port), on: loop)
        channel = open
        let reply = try await GreeterClient(open).sayHello(request("again"))
        #expect(reply.message == "Hello again")
      }
    }
    await channel?.shutDown()
  }

  @Test func `nobody listening is unavailable, and so is a channel that was closed`() async throws {
    try await withServer([TestGreeter()]) { server, channel in
      await server.shutDown(grace: .zero)
      var error = await #expect(throws: RPCError.self) {
        try await GreeterClient(channel).sayHello(request("x"))
      }
      #expect(error?.code == .unavailable)
      await channel.shutDown()
      error = await #expect(throws: RPCError.self) {
        try await GreeterClient(channel).sayHello(request("x"))
      }
      #expect(error?.code == .unavailable)
    }
  }

  @Test func `a client that does not trust the server does not call it`() async throws {
    try await withServer([TestGreeter()], over: .tls) { server, _ in
      let loop = try EventLoop(name: "client")
      defer { loop.shutdown() }
      let channel = RPCChannel(
        .init(host: "127.0.0.1", port: server.address.port ?? 0, tls: try .client()), on: loop)
      let error = await #expect(throws: RPCError.self) {
        try await GreeterClient(channel).sayHello(request("x"))
      }
      #expect(error?.code == .unavailable)
      await channel.shutDown()
    }
  }

  @Test func `a client shows its certificate to a server of grpcio that asks for one`()
    async throws
  {
    let files = try Certificate.files.get()
    try await Python.withServer(.tls, clientCA: files.certificate) { port in
      for shows in [true, false] {
        let loop = try EventLoop(name: "client")
        defer { loop.shutdown() }
        let tls = try TLSConfiguration.client(
          trustFile: files.certificate,
          certificateChainFile: shows ? files.certificate : nil,
          privateKeyFile: shows ? files.key : nil)
        let channel = RPCChannel(.init(host: "127.0.0.1", port: port, tls: tls), on: loop)
        let end = await code { () throws(RPCError) in
          _ = try await GreeterClient(channel).sayHello(request("x"))
        }
        #expect(end == (shows ? .ok : .unavailable))
        await channel.shutDown()
      }
    }
  }

  @Test func `an interceptor knows the peer and the metadata, and may refuse`() async throws {
    struct Naming: AsyncServerInterceptor {
      func intercept<Answer: Sendable>(
        _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
      ) async throws -> Answer {
        guard context.peer.address.hasPrefix("127.0.0.1:") else { return try await next(context) }
        throw RPCError(.unauthenticated, context.metadata["authorization"] ?? "nothing")
      }
    }
    try await withServer([TestGreeter()], interceptors: [Naming()]) { _, channel in
      let options = CallOptions(metadata: ["authorization": "Bearer x"])
      let error = await #expect(throws: RPCError.self) {
        try await GreeterClient(channel).sayHello(request("x"), options: options)
      }
      #expect(error?.code == .unauthenticated)
      #expect(error?.message == "Bearer x")
    }
  }
}
