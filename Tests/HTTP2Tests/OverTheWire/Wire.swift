import Foundation
import HTTP2
import OpenSSL
import ScriptedPeer

/// A client that knows nothing: bytes over a blocking socket, with TLS if asked for.
final class Wire {
  private let raw: CInt
  private var tls: TLSConnection?
  private(set) var received: [UInt8] = []
  /// The server has closed its side, properly or not.
  private(set) var hasEnded = false
  /// Why TLS failed.
  private(set) var failure: TLSError?

  convenience init(port: UInt16, tls configuration: TLSConfiguration? = nil) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    try self.init(AF_INET, address, tls: configuration)
  }

  convenience init(path: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) {
      unsafe $0.copyBytes(from: path.utf8)
    }
    try self.init(AF_UNIX, address)
  }

  private init<Address>(
    _ family: CInt, _ address: Address, tls configuration: TLSConfiguration? = nil
  ) throws {
    raw = socket(family, CInt(SOCK_STREAM.rawValue), 0)
    let result = unsafe withUnsafePointer(to: address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(raw, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
    guard result == 0 else { throw CocoaError(.fileReadUnknown) }
    // Longer than anything here takes: it is only there to end a test that has failed.
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    unsafe setsockopt(
      raw, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    guard let configuration else { return }
    tls = try TLSConnection(client: configuration, serverName: "127.0.0.1")
    sendCiphertext()
  }

  deinit { Foundation.close(raw) }

  var frames: [ReceivedFrame] { ReceivedFrame.all(in: received) }

  func write(_ bytes: [UInt8]) {
    guard tls != nil else { return writeRaw(bytes) }
    while !hasEnded, tls?.isHandshakeComplete == false { read() }
    try? tls?.send(bytes.span)
    sendCiphertext()
  }

  private func sendCiphertext() {
    var output: [UInt8] = []
    tls?.takeCiphertext(appendingTo: &output)
    writeRaw(output)
  }

  private func writeRaw(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe send(raw, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Waits for some bytes and takes them.
  private func read() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(raw, $0.baseAddress, $0.count, 0)
    }
    guard count > 0 else { return hasEnded = true }
    guard tls != nil else { return received += buffer[..<count] }
    do throws(TLSError) {
      try tls?.receive(buffer.span.extracting(0..<count), appendingTo: &received)
      if tls?.isClosedByPeer == true { hasEnded = true }
    } catch {
      failure = error
      hasEnded = true
    }
    sendCiphertext()
  }

  /// Reads until the server has closed its side.
  func readToEnd() { while !hasEnded { read() } }

  /// Reads until a frame is there that `isWanted`; false if the server closed first.
  @discardableResult
  func read(until isWanted: (ReceivedFrame) -> Bool) -> Bool {
    while !frames.contains(where: isWanted) {
      if hasEnded { return false }
      read()
    }
    return true
  }

  /// Has the server answer a PING, behind which there is nothing left of what came before.
  func synchronize(_ payload: [UInt8]) {
    write(Frame.ping(payload))
    read { $0.type == 6 && $0.flags == 1 && $0.payload == payload }
  }
}

/// Runs what blocks on a thread of its own: the pool's few are for what does not.
func onThread(_ body: @escaping @Sendable () throws -> Void) async -> Result<Void, any Error> {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: Result(catching: body)) }
  }
}
