import HTTP2
import Linux
import Net
import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// A server that does to each request what a test says.
final class Script: StreamAcceptor {
  /// A request that is whole.
  struct Request {
    /// Where it is answered.
    let stream: Net.Stream
    /// How many came before it, on any connection.
    let number: Int
    let headers: [String: String]
    let body: [UInt8]

    /// Begins a response.
    func sendHeaders() {
      stream.sendHeaders(HeaderBlock([":status": "200", "content-type": "application/grpc"]))
    }

    /// Answers with an empty message.
    func succeed() {
      sendHeaders()
      stream.sendData([0, 0, 0, 0, 0])
      stream.sendTrailers(HeaderBlock(["grpc-status": "0"]))
    }

    /// Answers with an error and nothing else.
    func fail(_ code: StatusCode, _ more: (String, String)...) {
      var block = HeaderBlock([":status": "200", "content-type": "application/grpc"])
      block.append("grpc-status", "\(code.rawValue)")
      for (name, value) in more { block.append(name, value) }
      stream.sendHeaders(block, endStream: true)
    }
  }

  private let answer: @Sendable (Request) -> Void
  private let count = Atomic<Int>(0)

  init(_ answer: @escaping @Sendable (Request) -> Void) { self.answer = answer }

  /// How many requests have begun.
  var requests: Int { count.load(ordering: .sequentiallyConsistent) }

  func accept(_ stream: Net.Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
    let number = count.add(1, ordering: .sequentiallyConsistent).oldValue
    return Follower(stream, number, headers.dictionary, answer)
  }

  /// Collects a request and passes it on.
  private final class Follower: StreamHandler {
    private let stream: Net.Stream
    private let number: Int
    private let headers: [String: String]
    private let answer: (Request) -> Void
    private var body: [UInt8] = []

    init(
      _ stream: Net.Stream, _ number: Int, _ headers: [String: String],
      _ answer: @escaping (Request) -> Void
    ) {
      self.stream = stream
      self.number = number
      self.headers = headers
      self.answer = answer
    }

    func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {}
    func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
      for index in bytes.indices { body.append(bytes[index]) }
      stream.consumed(bytes.count)
      guard endStream else { return }
      answer(Request(stream: stream, number: number, headers: headers, body: body))
    }
    func receivedTrailers(_ trailers: HeaderBlock) {}
    func becameWritable() {}
    func closed(_ code: ErrorCode, connectionLost: Bool) {}
  }

  /// Serves on a port of the kernel's choice, or on `address`, as long as `body` runs.
  func serve<Value>(
    on address: SocketAddress = .ipv4(host: "127.0.0.1", port: 0),
    http2: (inout Limits) -> Void = { _ in },
    _ body: (SocketAddress) async throws -> Value
  ) async throws -> Value {
    let group = try EventLoopGroup(count: 1)
    defer { group.shutdown() }
    var configuration = Server.Configuration(address: address)
    http2(&configuration.http2)
    let server = try await Server.start(on: group, configuration, acceptor: self)
    let result: Result<Value, any Error>
    do { result = .success(try await body(server.address)) } catch { result = .failure(error) }
    await server.shutDown(grace: .zero)
    return try result.get()
  }

  /// Serves as long as `body` runs, with a channel to it.
  func serve<Value>(
    configure: (inout RPCChannel.Configuration) -> Void = { _ in },
    _ body: (TestServiceClient) async throws -> Value
  ) async throws -> Value {
    try await serve { address in
      try await withChannel(to: .addresses([address]), configure) { channel in
        try await body(TestServiceClient(channel))
      }
    }
  }
}

/// Runs `body` with a channel on a loop of its own.
func withChannel<Value>(
  to server: ServerName, _ configure: (inout RPCChannel.Configuration) -> Void = { _ in },
  _ body: (RPCChannel) async throws -> Value
) async throws -> Value {
  let loop = try EventLoop(name: "client")
  defer { loop.shutdown() }
  var configuration = RPCChannel.Configuration(server: server)
  configure(&configuration)
  let channel = RPCChannel(configuration, on: loop)
  let result: Result<Value, any Error>
  do { result = .success(try await body(channel)) } catch { result = .failure(error) }
  await channel.shutDown()
  return try result.get()
}

/// What a call ends with.
func code(_ call: () async throws(RPCError) -> Void) async -> StatusCode {
  do throws(RPCError) { try await call() } catch { return error.code }
  return .ok
}

extension HeaderBlock {
  /// The fields by their names.
  var dictionary: [String: String] {
    var fields: [String: String] = [:]
    for field in self {
      fields[String(decoding: field.name, as: UTF8.self)] =
        String(decoding: field.value, as: UTF8.self)
    }
    return fields
  }
}
