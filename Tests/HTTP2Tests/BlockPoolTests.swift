import HTTP2
import Synchronization
import Testing

struct BlockPoolTests {
  @Test func `sessions of one pool take over each other's memory and work as without one`() throws {
    let pool = BlockPool()
    pool.claim()
    for _ in 0..<3 {
      let server = Session(.server, blocks: pool)
      let client = Session(.client, blocks: pool)
      try exchange(client, server)
      let headers = HeaderBlock([
        ":method": "POST", ":scheme": "http", ":path": "/", ":authority": "a",
        "long": String(repeating: "x", count: 3000),
      ])
      for _ in 0..<50 { _ = client.open(headers, endStream: true) }
      try exchange(client, server)
      var requests = 0
      while let event = server.nextEvent() {
        guard case .headers(let key, let received, _) = event else { continue }
        requests += 1
        #expect(received == headers)
        server.sendHeaders(HeaderBlock([":status": "200"]), endStream: true, on: key)
      }
      #expect(requests == 50)
      try exchange(client, server)
      #expect(client.streamCount == 50)
      while client.nextEvent() != nil {}
      #expect(client.streamCount == 0)
    }
    pool.disclaim()
  }

  @Test func `a session that ends where its pool is not at home is deleted with the pool`() async {
    let pool = BlockPool()
    pool.claim()
    let held = Held(Session(.server, blocks: pool))
    pool.disclaim()
    // AddressSanitizer would tell if its blocks went nowhere, or twice somewhere.
    await Task.detached { held.release() }.value
  }

  @Test func `without its pool a session takes memory as everybody does`() throws {
    let pool = BlockPool()
    let server = Session(.server, blocks: pool)
    let client = Session(.client, blocks: pool)
    try exchange(client, server)
    #expect(server.wantsToSend == false)
  }

  /// Carries bytes both ways until both are silent.
  private func exchange(
    _ client: borrowing Session, _ server: borrowing Session
  ) throws {
    var bytes: [UInt8] = []
    repeat {
      bytes = []
      try client.takeOutput(into: &bytes, upTo: 1 << 20)
      _ = try server.receive(bytes.span)
      var answer: [UInt8] = []
      try server.takeOutput(into: &answer, upTo: 1 << 20)
      _ = try client.receive(answer.span)
      bytes += answer
    } while !bytes.isEmpty
  }
}

/// A session that can be let go of on any thread.
private final class Held: Sendable {
  private let session: Mutex<Session?>
  init(_ session: consuming sending Session) { self.session = Mutex(session) }
  func release() { session.withLock { $0 = nil } }
}
