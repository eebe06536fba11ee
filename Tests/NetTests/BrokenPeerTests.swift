import Glibc
import HTTP2
import Linux
import Net
import Synchronization
import Testing

/// Answers the first request with more than any socket takes, and cuts the peer off in the middle
/// of the second.
private final class CuttingAcceptor: StreamAcceptor {
  /// The peer's end, to be closed by the server's thread.
  let peer = Mutex<FileDescriptor?>(nil)
  /// Called when the first request has been answered.
  let answered: @Sendable () -> Void
  /// Called when a stream was lost.
  let lost: @Sendable () -> Void

  init(answered: @escaping @Sendable () -> Void, lost: @escaping @Sendable () -> Void) {
    self.answered = answered
    self.lost = lost
  }

  func accept(_ stream: Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
    if stream.id.rawValue == 1 {
      stream.sendHeaders(EchoAcceptor.headers)
      stream.sendData([UInt8](repeating: 0, count: 16 << 20), endStream: true)
      answered()
    } else {
      // It has not read what came, so the kernel tells us with a reset, at once on loopback.
      peer.withLock { $0 = nil }
      stream.sendHeaders(EchoAcceptor.headers, endStream: true)
    }
    return Handler(lost)
  }

  private final class Handler: StreamHandler {
    private let lost: @Sendable () -> Void
    init(_ lost: @escaping @Sendable () -> Void) { self.lost = lost }
    func receivedHeaders(_: HeaderBlock, endStream: Bool) {}
    func receivedData(_: Span<UInt8>, endStream: Bool) {}
    func receivedTrailers(_: HeaderBlock) {}
    func becameWritable() {}
    func closed(_: ErrorCode, connectionLost: Bool) { if connectionLost { lost() } }
  }
}

@Test(.timeLimit(.minutes(1)))
func `a peer that resets while output waits for it takes only its connection along`()
  async throws
{
  let (answers, answered) = AsyncStream.makeStream(of: Void.self)
  let (losses, lost) = AsyncStream.makeStream(of: Void.self)
  let acceptor = CuttingAcceptor(answered: { answered.yield() }, lost: { lost.yield() })
  let group = try EventLoopGroup(count: 1)
  let server = try await Server.start(
    on: group, .init(address: .ipv4(host: "127.0.0.1", port: 0)), acceptor: acceptor)
  let raw = try connected(to: try #require(server.address.port))
  acceptor.peer.withLock { $0 = FileDescriptor(owning: raw) }

  send(raw, RawRequests.opening + RawRequests.get(stream: 1))
  for await _ in answers { break }
  // The turn that answered has written what the socket takes; the rest waits.
  await group.next().run {}
  send(raw, RawRequests.get(stream: 3))
  for await _ in losses { break }
  await server.shutDown(grace: .seconds(5))
  group.shutdown()
}

/// Frames of a client, as bytes.
private enum RawRequests {
  /// The preface, and windows of the largest size.
  static let opening: [UInt8] =
    Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    + [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0x7F, 0xFF, 0xFF, 0xFF]
    + [0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7F, 0, 0, 0]

  /// `GET http://a/`, from the static table but for the authority.
  static func get(stream: UInt8) -> [UInt8] {
    [0, 0, 6, 1, 5, 0, 0, 0, stream, 0x82, 0x86, 0x84, 0x01, 1, UInt8(ascii: "a")]
  }
}

private func connected(to port: UInt16) throws -> CInt {
  let raw = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  let status = unsafe withUnsafePointer(to: &address) { address in
    unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
  try #require(status == 0)
  return raw
}

private func send(_ raw: CInt, _ bytes: [UInt8]) {
  let count = unsafe bytes.withUnsafeBytes { unsafe write(raw, $0.baseAddress, $0.count) }
  #expect(count == bytes.count)
}
