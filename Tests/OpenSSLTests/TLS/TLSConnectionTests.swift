import OpenSSL
import Testing

@Suite("TLS connections")
struct TLSConnectionTests {
  @Test(arguments: [1, 2, 3, 5, 7, 64, 1_000, Int.max])
  func `bytes arrive whole however the ciphertext is cut`(_ piece: Int) throws {
    let pair = try TLSPair()
    pair.piece = piece
    // Longer than two records.
    let request = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try pair.client.send(request.span)
    pair.run()
    #expect(pair.clientIsComplete && pair.serverIsComplete)
    let agreed = [pair.client.applicationProtocol, pair.server.applicationProtocol]
    #expect(agreed == ["h2", "h2"])
    let version = pair.client.version
    #expect(version == "TLSv1.3")
    #expect(pair.atServer == request)
    try pair.server.send([1, 2, 3].span)
    pair.run()
    #expect(pair.atClient == [1, 2, 3])
    #expect(pair.serverFailure == nil && pair.clientFailure == nil)
  }

  @Test func `nothing of the plaintext is in the ciphertext before the handshake`() throws {
    let pair = try TLSPair()
    try pair.client.send(Array("secret".utf8).span)
    var hello: [UInt8] = []
    pair.client.takeCiphertext(appendingTo: &hello)
    #expect(!hello.contains("secret".utf8))
    let hasMore = pair.client.hasCiphertext
    #expect(!hasMore)
  }

  @Test func `taking appends and leaves what was there`() throws {
    let pair = try TLSPair()
    var output: [UInt8] = [9]
    pair.client.takeCiphertext(appendingTo: &output)
    #expect(output.count > 100 && output.first == 9)
    pair.client.takeCiphertext(appendingTo: &output)
    var plaintext: [UInt8] = [7]
    let hello = Array(output.dropFirst())
    try pair.server.receive(hello.span, appendingTo: &plaintext)
    #expect(plaintext == [7])
  }

  @Test func `a close notification ends one direction and lets the other go on`() throws {
    let pair = try TLSPair()
    pair.run()
    pair.client.close()
    pair.run()
    let closed = (atServer: pair.server.isClosedByPeer, atClient: pair.client.isClosedByPeer)
    #expect(closed == (true, false))
    #expect(failure { try pair.client.send([1].span) } == .closed)
    try pair.server.receiveEnd()
    try pair.server.send([1, 2].span)
    pair.server.close()
    pair.run()
    #expect(pair.atClient == [1, 2])
    let closedByServer = pair.client.isClosedByPeer
    #expect(closedByServer)
    try pair.client.receiveEnd()
  }

  @Test func `bytes after a close notification are ignored`() throws {
    let pair = try TLSPair()
    pair.run()
    pair.client.close()
    pair.run()
    var plaintext: [UInt8] = []
    try pair.server.receive([0, 1, 2, 3].span, appendingTo: &plaintext)
    #expect(plaintext.isEmpty)
  }

  @Test func `an end without a close notification is a truncation`() throws {
    let early = try TLSPair()
    #expect(failure { try early.server.receiveEnd() } == .truncated)
    let pair = try TLSPair()
    pair.run()
    #expect(failure { try pair.server.receiveEnd() } == .truncated)
    // Failed connections stay failed.
    #expect(failure { try pair.server.send([1].span) } == .truncated)
  }

  @Test func `a handshake cut at every byte is never complete and never clean`() throws {
    var hello: [UInt8] = []
    let configuration = try TestCertificates.server()
    var client = try TLSConnection(client: TestCertificates.client(), serverName: "localhost")
    client.takeCiphertext(appendingTo: &hello)
    for length in 0..<hello.count {
      var server = try TLSConnection(server: configuration)
      var plaintext: [UInt8] = []
      let cut = Array(hello.prefix(length))
      try server.receive(cut.span, appendingTo: &plaintext)
      let isComplete = server.isHandshakeComplete
      #expect(!isComplete)
      #expect(failure { try server.receiveEnd() } == .truncated)
    }
  }

  @Test func `one changed bit of a record fails the connection for good`() throws {
    for position in stride(from: 0, to: 30, by: 1) {
      let pair = try TLSPair()
      pair.run()
      try pair.client.send(Array("transfer 10".utf8).span)
      var record: [UInt8] = []
      pair.client.takeCiphertext(appendingTo: &record)
      record[position] ^= 1
      var plaintext: [UInt8] = []
      // A longer length only waits for more.
      if (try? pair.server.receive(record.span, appendingTo: &plaintext)) == nil {
        let again = failure { try pair.server.receive(record.span, appendingTo: &plaintext) }
        #expect(again == .protocolViolation)
        #expect(failure { try pair.server.send([1].span) } == .protocolViolation)
      }
      #expect(plaintext.isEmpty)
    }
  }

  @Test func `errors that others left in the thread's queue are not taken for ours`() throws {
    let pair = try TLSPair()
    pair.piece = 1
    try pair.client.send([1, 2, 3].span)
    leaveErrorInQueue()
    pair.run()
    #expect(pair.serverFailure == nil && pair.clientFailure == nil)
    try pair.server.send([4].span)
    leaveErrorInQueue()
    pair.run()
    leaveErrorInQueue()
    pair.client.close()
    pair.run()
    try pair.server.receiveEnd()
    #expect(pair.atServer == [1, 2, 3] && pair.atClient == [4])
  }

  @Test func `plain HTTP to a TLS server is a failed handshake`() throws {
    var server = try TLSConnection(server: TestCertificates.server())
    var plaintext: [UInt8] = []
    let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    let kind = failure { try server.receive(request.span, appendingTo: &plaintext) }
    #expect(kind == .handshakeFailed)
  }
}
