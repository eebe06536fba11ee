import Foundation
import HTTP2
import Linux
import Net
import ScriptedPeer
import Synchronization
import Testing

/// Sockets that are not just a port of this process: paths, and those that somebody hands over.
struct SocketTests {
  private static let opening = Frame.preface + Frame.settings([], flags: Frame.acknowledgement)

  private static func isServed(_ wire: Wire) -> Bool {
    wire.write(opening + Frame.headers(1))
    return wire.read { $0.type == 0 && $0.payload == AnsweringServer.body }
  }

  /// Notes who calls.
  private final class NamingAcceptor: StreamAcceptor {
    let callers = Mutex<[PeerCredentials?]>([])

    func accept(_ stream: Net.Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
      callers.withLock { $0.append(stream.connection.peerCredentials) }
      return HelloAcceptor().accept(stream, headers: headers, endStream: endStream)
    }
  }

  @Test func `a server on a path knows who calls, and leaves nothing behind`() async throws {
    let path = NSTemporaryDirectory() + "/linkd-\(UUID().uuidString.prefix(8)).sock"
    for _ in 0..<2 {
      let acceptor = NamingAcceptor()
      let server = try await WireServer(at: .unix(path: path), acceptor: acceptor)
      try await onThread {
        let wire = try Wire(path: path)
        #expect(Self.isServed(wire))
        var status = stat()
        #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 & ~0o660 == 0)
      }.get()
      await #expect(throws: NetError.system(SystemError(errno: EADDRINUSE, call: "bind"))) {
        _ = try await WireServer(at: .unix(path: path))
      }
      #expect(acceptor.callers.withLock(\.self).map { $0?.process } == [getpid()])
      #expect(acceptor.callers.withLock(\.self).map { $0?.user } == [getuid()])
      await server.shutDown(grace: .zero)
      #expect(!FileManager.default.fileExists(atPath: path))
      // What a server leaves that was killed.
      try Socket.listening(on: .unix(path: path), backlog: 1).close()
    }
    let server = try await WireServer(at: .unix(path: path))
    await server.shutDown(grace: .zero)
  }

  @Test func `a path that is something else stays`() async throws {
    let path = NSTemporaryDirectory() + "/linkd-\(UUID().uuidString.prefix(8)).txt"
    try Data([1]).write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    await #expect(throws: NetError.self) { _ = try await WireServer(at: .unix(path: path)) }
    #expect(FileManager.default.contents(atPath: path) == Data([1]))
  }

  @Test func `whoever calls between two servers of one socket is served by the second`()
    async throws
  {
    let socket = try Socket.listening(on: .ipv4(host: "127.0.0.1", port: 0), backlog: 16)
    let port = try #require(socket.localAddress().port)
    let first = try await WireServer(inherited: [socket.raw])
    #expect(first.port == port)
    let wire = Mutex<Wire?>(nil)
    try await onThread {
      let wire = try Wire(port: port)
      #expect(Self.isServed(wire))
    }.get()
    await first.shutDown(grace: .zero)
    try await onThread { wire.withLock { $0 = try? Wire(port: port) } }.get()
    let second = try await WireServer(inherited: [socket.raw])
    try await onThread {
      #expect(wire.withLock { $0.map(Self.isServed) } == true)
    }.get()
    await second.shutDown(grace: .zero)
    try socket.close()
  }

  @Test func `only a socket that listens is taken over`() async throws {
    let socket = try Socket(for: .ipv4(host: "127.0.0.1", port: 0))
    await #expect(throws: NetError.system(SystemError(errno: EINVAL, call: "getsockopt"))) {
      _ = try await WireServer(inherited: [socket.raw])
    }
    try socket.close()
  }
}
