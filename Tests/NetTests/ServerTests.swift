import HTTP2
import Linux
import Net
import ScriptedPeer
import Testing

struct ServerTests {
  private static let loopback = SocketAddress.ipv4(host: "127.0.0.1", port: 0)

  /// Runs `body` beside an echo server with two loops, then takes everything down.
  private func withServer(
    _ configuration: Server.Configuration = .init(address: Self.loopback),
    _ body: (Server, EventLoopGroup) async throws -> Void
  ) async throws {
    let group = try EventLoopGroup(count: 2)
    let server = try await Server.start(on: group, configuration, acceptor: EchoAcceptor())
    let result = await Result { try await body(server, group) }
    await server.shutDown(grace: .seconds(5))
    group.shutdown()
    try result.get()
  }

  private func target(_ server: Server) -> Connection.Target {
    Connection.Target(host: "127.0.0.1", port: server.address.port ?? 0)
  }

  @Test(arguments: [0, 1, 16_384, 16_385, 65_536, 1_000_000])
  func `a body comes back whole, with its trailers`(_ size: Int) async throws {
    try await withServer { server, group in
      let connection = try await Connection.dial(target(server), on: group.next())
      let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let answer = await connection.echo(body)
      #expect(answer.headers.string(":status") == "200")
      #expect(answer.body == body)
      #expect(answer.trailers.string("echo-status") == "0")
      #expect(answer.code == .noError && !answer.connectionLost)
    }
  }

  @Test func `many streams share a connection`() async throws {
    try await withServer { server, group in
      let connection = try await Connection.dial(target(server), on: group.next())
      let count = await withTaskGroup(of: Bool.self) { tasks in
        for number in 0..<500 {
          let body = Array("number \(number)".utf8)
          tasks.addTask { await connection.echo(body).body == body }
        }
        return await tasks.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(count == 500)
    }
  }

  @Test func `a port that nobody listens on refuses`() async throws {
    let loop = try EventLoop()
    let socket = try Socket.listening(on: Self.loopback, backlog: 1)
    let port = try #require(socket.localAddress().port)
    try socket.close()
    await #expect(throws: NetError.system(SystemError(errno: 111, call: "connect"))) {
      _ = try await Connection.dial(.init(host: "127.0.0.1", port: port), on: loop)
    }
    loop.shutdown()
  }

  @Test func `two servers do not share a port`() async throws {
    try await withServer { server, group in
      await #expect(throws: NetError.system(SystemError(errno: 98, call: "bind"))) {
        _ = try await Server.start(
          on: group, .init(address: server.address), acceptor: EchoAcceptor())
      }
    }
  }

  @Test func `a peer that says nothing is given up in time`() async throws {
    let loop = try EventLoop()
    let socket = try Socket.listening(on: Self.loopback, backlog: 1)
    var target = Connection.Target(
      host: "127.0.0.1", port: try #require(socket.localAddress().port))
    target.limits.timeToEstablish = .milliseconds(20)
    target.limits.linger = .milliseconds(20)
    await #expect(throws: NetError.closed) { _ = try await Connection.dial(target, on: loop) }
    loop.shutdown()
    try socket.close()
  }

  @Test func `streams end with their connection`() async throws {
    try await withServer { server, group in
      let connection = try await Connection.dial(target(server), on: group.next())
      let answer = await withCheckedContinuation { continuation in
        connection.loop.execute {
          let collector = Collector { continuation.resume(returning: $0) }
          _ = try? connection.openStream(Connection.request, handler: collector)
          connection.close()
        }
      }
      #expect(answer.connectionLost)
      await connection.loop.run { #expect(!connection.takesStreams) }
    }
  }

  /// A socket of which there may be many.
  private final class Caller: Sendable {
    let socket: Socket

    init(_ address: SocketAddress) throws {
      socket = try Socket(for: address)
      // It goes on by itself.
      try? socket.connect(to: address)
    }
  }

  @Test func `a server that shuts down lets all in whom the kernel has let in`() async throws {
    let group = try EventLoopGroup(count: 1)
    var configuration = Server.Configuration(address: Self.loopback)
    configuration.limits.acceptsPerTurn = 1
    let server = try await Server.start(on: group, configuration, acceptor: EchoAcceptor())
    // While the loop looks elsewhere.
    let (callers, stopping) = await group.next().run {
      let callers = (0..<64).compactMap { _ in try? Caller(server.address) }
      return (callers, Task { await server.shutDown(grace: .zero) })
    }
    await stopping.value
    for caller in callers {
      var input = [UInt8](repeating: 0, count: 1024)
      // Our settings at least, instead of a reset.
      let count = try #require(try caller.socket.read(into: &input))
      #expect(count > 0)
    }
    group.shutdown()
  }

  @Test func `a request that crosses the farewell to an idle peer is answered`() async throws {
    let group = try EventLoopGroup(count: 1)
    let network = MemoryNetwork()
    var configuration = Server.Configuration(address: .unix(path: ""))
    configuration.network = network
    configuration.limits.idleTime = .milliseconds(20)
    configuration.limits.timeToAcknowledgeSettings = .milliseconds(300)
    let server = try await Server.start(on: group, configuration, acceptor: EchoAcceptor())
    let peer = ScriptedPeer(try #require(network.connect()))
    try await peer.handshakeAsClient()
    let ping = try await peer.expect(.ping)
    _ = try await peer.expect(.goAway)
    try await peer.send(
      Frame.headers(1, Fields.upload, end: false),
      Frame.ping(ping.payload, flags: Frame.acknowledgement))
    _ = try await peer.expect(.headers, 1)
    // Longer than a peer has to acknowledge anything.
    await withCheckedContinuation { continuation in
      let loop = group.next()
      loop.execute {
        loop.schedule(after: .milliseconds(400)) { continuation.resume() }
      }
    }
    try await peer.send(Frame.data(1, [7], end: true))
    let frames = try await peer.read { $0.contains { $0.type == ScriptedPeer.Kind.data.rawValue } }
    #expect(frames.last?.payload == [7])
    await server.shutDown(grace: .zero)
    group.shutdown()
  }

  @Test func `a server that shuts down finishes the streams under way`() async throws {
    let group = try EventLoopGroup(count: 1)
    let server = try await Server.start(
      on: group, .init(address: Self.loopback), acceptor: EchoAcceptor())
    let loop = try EventLoop()
    let connection = try await Connection.dial(target(server), on: loop)
    let (answer, opened) = (Box<Answer>(), Box<Stream>())
    // The request is half sent when the shutdown begins, and finished after it was announced.
    await withCheckedContinuation { continuation in
      loop.execute {
        let collector = Collector { answer.set($0) }
        collector.stream = try? connection.openStream(Connection.request, handler: collector)
        collector.stream?.sendData([1, 2, 3])
        if let stream = collector.stream { opened.set(stream) }
        connection.whenNoLongerUsable { continuation.resume() }
        Task { await server.shutDown(grace: .seconds(5)) }
      }
    }
    await loop.run { opened.value?.sendData([4], endStream: true) }
    await withCheckedContinuation { continuation in
      loop.execute { connection.whenClosed { continuation.resume() } }
    }
    #expect(answer.value?.body == [1, 2, 3, 4])
    #expect(answer.value?.connectionLost == false)
    group.shutdown()
    loop.shutdown()
  }
}
