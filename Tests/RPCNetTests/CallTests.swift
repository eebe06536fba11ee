import Linux
import Protobuf
import RPC
import RPCNet
import TestAPI
import Testing

/// The same calls of our client, whoever serves.
struct CallTests {
  /// A server that the calls go to.
  enum Peer: CaseIterable, Sendable {
    case ours, grpcio
  }

  private func withGreeter(
    _ peer: Peer, _ transport: Transport, _ body: (RPCChannel) async throws -> Void
  ) async throws {
    switch peer {
    case .ours:
      try await withServer([TestGreeter()], over: transport) { _, channel in
        try await body(channel)
      }
    case .grpcio:
      try await Python.withServer(transport) { port in
        try await withChannel(transport, port: port, body)
      }
    }
  }

  @Test(arguments: Peer.allCases, Transport.sockets)
  func `calls succeed and fail as they should`(
    _ peer: Peer, _ transport: Transport
  ) async throws {
    try await withGreeter(peer, transport) { channel in
      let client = GreeterClient(channel)
      try await succeed(client)
      try await fail(client)
      try await carryMetadata(channel)
      try await runOutOfTime(client)
      try await cancel(client)
      try await manyAtOnce(client)
      await unknownMethod(channel)
    }
  }

  private func greet(
    _ client: GreeterClient, _ name: String, _ options: CallOptions = CallOptions()
  ) async throws(RPCError) -> String {
    var request = HelloRequest()
    request.name = name
    return try await client.sayHello(request, options: options).message
  }

  private func succeed(_ client: GreeterClient) async throws {
    #expect(try await greet(client, "world") == "Hello world")
    #expect(try await greet(client, "") == "Hello ")
    let long = String(repeating: "x", count: 300_000)
    for compression in Compression.allCases {
      let reply = try await greet(client, long, CallOptions(compression: compression))
      #expect(reply == "Hello " + long)
    }
  }

  private func fail(_ client: GreeterClient) async throws {
    var error = await #expect(throws: RPCError.self) { try await greet(client, "fail") }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message == "special ☺")
    #expect(error?.metadata["x-why"] == "because")
    #expect(error?.details(of: ErrorInfo.self).map(\.reason) == ["WHY"])
    #expect(error?.details(of: Help.self).isEmpty == true)
    error = await #expect(throws: RPCError.self) { try await greet(client, "crash") }
    #expect(error?.code == .unknown)
  }

  private func carryMetadata(_ channel: RPCChannel) async throws {
    var request = HelloRequest()
    request.name = "metadata"
    let bytes = Array(UInt8.min...UInt8.max)
    let response = try await channel.response(
      GreeterMethods.sayHello, request,
      CallOptions(metadata: ["x-echo": "there", "x-echo-bin": .binary(bytes)]))
    #expect(response.metadata["x-echo"] == "there")
    #expect(response.trailingMetadata[binary: "x-echo-bin"] == bytes)
  }

  private func runOutOfTime(_ client: GreeterClient) async throws {
    let error = await #expect(throws: RPCError.self) {
      try await greet(client, "sleep", CallOptions(timeout: .milliseconds(30)))
    }
    #expect(error?.code == .deadlineExceeded)
    let left = try await greet(client, "deadline", CallOptions(timeout: .seconds(100)))
    #expect(["99", "100"].contains(left))
  }

  private func cancel(_ client: GreeterClient) async throws {
    let task = Task { try await greet(client, "sleep") }
    task.cancel()
    let error = await #expect(throws: RPCError.self) { try await task.value }
    #expect(error?.code == .cancelled)
  }

  private func manyAtOnce(_ client: GreeterClient) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<400 {
        group.addTask { try await greet(client, "number \(number)") == "Hello number \(number)" }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  private func unknownMethod(_ channel: RPCChannel) async {
    let method = MethodDescriptor<HelloRequest, HelloReply>(
      service: "helloworld.Greeter", method: "SayGoodbye", kind: .unary)
    let error = await #expect(throws: RPCError.self) {
      try await channel.unary(method, HelloRequest(), CallOptions())
    }
    #expect(error?.code == .unimplemented)
  }

  @Test(arguments: Transport.sockets)
  func `a grpcio client calls our server`(_ transport: Transport) async throws {
    try await withServer([TestGreeter()], over: transport) { server, _ in
      let result = try await Python.call(transport, port: server.address.port ?? 0)
      #expect(result.status == 0, "\(result.output)")
    }
  }
}
