import HTTP2
import Linux
import Net
import OpenSSL
import ScriptedPeer
import Synchronization
import Testing

/// Answers every complete request with the same body.
struct HelloAcceptor: StreamAcceptor {
  var body = AnsweringServer.body

  func accept(_ stream: Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
    let hello = Hello(stream, body)
    if endStream { hello.answer() }
    return hello
  }

  final class Hello: StreamHandler {
    private let stream: Stream
    private let body: [UInt8]

    init(_ stream: Stream, _ body: [UInt8]) { (self.stream, self.body) = (stream, body) }

    func answer() {
      stream.sendHeaders(AnsweringServer.headers)
      stream.sendData(body, endStream: true)
    }

    func receivedHeaders(_: HeaderBlock, endStream: Bool) {}

    func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
      stream.consumed(bytes.count)
      if endStream { answer() }
    }

    func receivedTrailers(_: HeaderBlock) { answer() }
    func becameWritable() {}
    func closed(_: ErrorCode, connectionLost: Bool) {}
  }
}

/// A server on a port of the kernel's choice, and the reasons for which it refused peers.
final class WireServer: Sendable {
  private let group: EventLoopGroup
  private let server: Server
  private let log: ReasonLog

  /// Appended to on the server's loop.
  private final class ReasonLog: Sendable {
    let reasons = Mutex<[String]>([])
  }

  init(
    tls: TLSConfiguration? = nil, limits: NetLimits = NetLimits(),
    at address: SocketAddress = .ipv4(host: "127.0.0.1", port: 0), inherited: [CInt] = [],
    network: MemoryNetwork? = nil,
    acceptor: any StreamAcceptor = HelloAcceptor()
  ) async throws {
    let log = ReasonLog()
    var configuration = Server.Configuration(address: address, tls: tls)
    configuration.limits = limits
    configuration.inherited = inherited
    configuration.network = network
    configuration.refused = { refusal in
      log.reasons.withLock { $0.append(refusal.reason.rawValue) }
    }
    self.log = log
    group = try EventLoopGroup(count: 1)
    server = try await Server.start(on: group, configuration, acceptor: acceptor)
  }

  var port: UInt16 { server.address.port ?? 0 }
  var reasons: [String] { log.reasons.withLock { $0 } }

  /// Runs `body` beside a server, then takes that down and returns the reasons it had.
  @discardableResult
  static func with(
    tls: TLSConfiguration? = nil, limits: NetLimits = NetLimits(),
    answer: [UInt8] = AnsweringServer.body,
    _ body: @escaping @Sendable (WireServer) throws -> Void
  ) async throws -> [String] {
    let server = try await WireServer(
      tls: tls, limits: limits, acceptor: HelloAcceptor(body: answer))
    let result = await onThread { try body(server) }
    await server.shutDown(grace: .zero)
    try result.get()
    return server.reasons
  }

  /// Plays a client, frame by frame, beside a server; returns the reasons for which that refused.
  static func script(
    _ play: (WireServer, ScriptedPeer) async throws -> Void
  ) async throws -> [String] {
    let network = MemoryNetwork()
    let server = try await WireServer(network: network)
    let result: Result<Void, any Error>
    do {
      let peer = ScriptedPeer(try #require(network.connect()))
      try await peer.handshakeAsClient()
      result = .success(try await play(server, peer))
    } catch { result = .failure(error) }
    await server.shutDown(grace: .zero)
    try result.get()
    return server.reasons
  }

  func shutDown(grace: Duration) async {
    await server.shutDown(grace: grace)
    group.shutdown()
  }

  func use(_ tls: TLSConfiguration) async { await server.use(tls) }

  /// Begins a graceful shutdown without waiting for its end.
  func beginShutDown() { Task { [server] in await server.shutDown(grace: .seconds(10)) } }
}
