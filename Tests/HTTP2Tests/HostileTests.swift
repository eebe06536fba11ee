import HTTP2
import Testing

/// What a peer may not do, as bytes made by hand.
struct HostileTests {
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, 0, [])

  private static func frame(
    _ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]
  ) -> [UInt8] {
    let length = payload.count
    let head = [UInt8(length >> 16), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
    return head + (0..<4).map { UInt8(stream >> (24 - 8 * $0) & 255) } + payload
  }

  /// A field without compression or indexing (RFC 7541, section 6.2.2), shorter than 127 bytes each.
  private static func literal(_ name: String, _ value: String) -> [UInt8] {
    [0, UInt8(name.utf8.count)] + name.utf8 + [UInt8(value.utf8.count)] + value.utf8
  }

  private static let pseudo =
    literal(":method", "POST") + literal(":scheme", "http") + literal(":path", "/")

  /// A complete request with these fields after the pseudo-header fields.
  private static func request(_ fields: [(String, String)], authority: String = "a") -> [UInt8] {
    let block =
      pseudo + literal(":authority", authority)
      + fields.flatMap { literal($0.0, $0.1) }
    return frame(1, 0x5, 1, block)
  }

  private func server(fed bytes: [UInt8], pieces: Int = .max) -> Peer {
    let server = Peer(.server)
    server.receive(Self.preface + bytes, pieces: pieces)
    return server
  }

  /// Type, stream and first four bytes of the payload as a number, for each frame in `bytes`.
  private static func frames(_ bytes: [UInt8]) -> [(type: UInt8, stream: UInt32, code: UInt32)] {
    var result: [(UInt8, UInt32, UInt32)] = []
    var start = 0
    func number(_ at: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 << 8 | (at + $1 < bytes.count ? UInt32(bytes[at + $1]) : 0) }
    }
    while start + 9 <= bytes.count {
      let length = Int(number(start) >> 8)
      let type = bytes[start + 3]
      // GOAWAY has the last stream first.
      result.append((type, number(start + 5), number(start + (type == 7 ? 13 : 9))))
      start += 9 + length
    }
    return result
  }

  /// The codes of all frames of one type that the server sends.
  private func codes(of type: UInt8, _ server: Peer) -> [ErrorCode] {
    Self.frames(server.output()).filter { $0.type == type }.map { ErrorCode(rawValue: $0.code) }
  }

  @Test(arguments: [
    ("connection", "close"), ("keep-alive", "1"), ("proxy-connection", "x"),
    ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("te", "gzip"), ("X-Upper", "x"),
    ("bad name", "x"), ("nul", "a\0b"), ("cr", "a\rb"), ("lf", "a\nb"), (":path", "/again"),
    (":unknown", "x"),
  ])
  func `T31: a malformed request is reset and not seen`(_ field: (String, String)) {
    for pieces in [1, .max] {
      let server = server(fed: Self.request([field]), pieces: pieces)
      #expect(codes(of: 3, server) == [.protocolError])
      #expect(server.accepted.isEmpty && server.failure == nil)
      #expect(server.streamCount == 0)
    }
  }

  @Test func `user information in the authority is refused`() {
    let server = server(fed: Self.request([], authority: "user@host"))
    #expect(codes(of: 3, server) == [.protocolError])
    #expect(server.accepted.isEmpty)
    #expect(server.frames.provokedResets == 1)
  }

  @Test(arguments: [(60, true), (61, false), (200, false)])
  func `the sixty-fifth field resets the stream, and the connection goes on`(
    _ extra: Int, _ isFine: Bool
  ) {
    let fields = (0..<extra).map { _ in ("cookie", "") }
    let server = server(fed: Self.request(fields))
    let codes = codes(of: 3, server)
    #expect(codes == (isFine ? [] : [.enhanceYourCalm]))
    #expect(server.accepted.count == (isFine ? 1 : 0))
    server.receive(Self.frame(1, 0x5, 3, Self.pseudo + Self.literal(":authority", "a")))
    #expect(server.accepted.last?.id.rawValue == 3)
  }

  @Test func `a header list beyond 8 KiB resets the stream, beyond 16 KiB ends the connection`() {
    let value = String(repeating: "v", count: 100)
    // 132 bytes more a field, as the limit counts.
    let careless = (0..<63).map { _ in ("n" + value, value) }
    let first = server(fed: Self.request(careless))
    #expect(codes(of: 3, first) == [.enhanceYourCalm])
    #expect(first.failure == nil)

    let second = server(fed: Self.request((0..<80).map { _ in ("n" + value, value) }))
    #expect(second.failure == .headerListTooLarge)
    #expect(codes(of: 7, second) == [.enhanceYourCalm])
    #expect(second.isFinished)
  }

  @Test func `references to a table entry are counted like any field`() {
    // An entry with empty value enters the table; then each byte is one more field.
    let entry: [UInt8] = [0x40, 1] + Array("a".utf8) + [0]
    let bomb = Self.pseudo + entry + [UInt8](repeating: 0xBE, count: 16_000)
    let server = server(fed: Self.frame(1, 0x5, 1, bomb))
    #expect(server.failure == .headerListTooLarge)
    #expect(codes(of: 7, server) == [.enhanceYourCalm])
  }

  @Test(arguments: [(4, true), (5, false)])
  func `a block may go on in four frames, cut at every byte`(_ count: Int, _ isFine: Bool) {
    var bytes = Self.frame(1, 0x1, 1, Self.pseudo + Self.literal(":authority", "a"))
    for index in 1...count {
      let flags: UInt8 = index == count ? 0x4 : 0
      bytes += Self.frame(9, flags, 1, Self.literal("x-\(index)", "y"))
    }
    for pieces in [1, .max] {
      let server = server(fed: bytes, pieces: pieces)
      #expect(server.accepted.count == (isFine ? 1 : 0))
      #expect(server.failure == (isFine ? nil : .tooManyContinuations))
      #expect(codes(of: 7, server) == (isFine ? [] : [.enhanceYourCalm]))
    }
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "PRI * HTTP/2.0\r\nX",
  ])
  func `another protocol is noticed at its first wrong byte`(_ text: String) {
    for pieces in [1, .max] {
      let server = Peer(.server)
      server.receive(Array(text.utf8), pieces: pieces)
      #expect(server.failure == .badPreface)
      #expect(!server.output().isEmpty)
      #expect(server.isFinished)
    }
  }

  @Test func `random bytes end a connection and never a process`() {
    var random = SystemRandomNumberGenerator()
    let seed = random.next()
    var generator = SplitMix(state: seed)
    for _ in 0..<300 {
      let server = Peer(.server)
      server.receive(Self.preface)
      for _ in 0..<20 where server.failure == nil && !server.isFinished {
        let payload = (0..<Int(generator.next() % 60)).map { _ in
          UInt8(truncatingIfNeeded: generator.next())
        }
        let stream = UInt32(generator.next() % 6)
        server.receive(
          Self.frame(
            UInt8(generator.next() % 12), UInt8(truncatingIfNeeded: generator.next()), stream,
            payload))
        _ = server.output()
        for key in server.accepted {
          server.session.sendHeaders(Samples.response, endStream: false, on: key)
          server.session.sendData([1, 2], endStream: generator.next() % 2 == 0, on: key)
        }
      }
      _ = server.output()
    }
    #expect(Bool(true), "seed \(seed)")
  }

  @Test func `after an error of the connection nothing more is parsed`() {
    // DATA on a stream that was never opened.
    let server = server(fed: Self.frame(0, 0, 1, [1]))
    server.receive(Self.request([]) + Self.frame(1, 0, 3, [0xFF, 0xFF]))
    #expect(codes(of: 7, server) == [.protocolError])
    #expect(server.accepted.isEmpty && server.isFinished)
  }

  @Test func `frames are counted by kind`() {
    var bytes = Self.request([])
    bytes += Self.frame(2, 0, 5, [0, 0, 0, 0, 1])
    bytes += Self.frame(6, 0, 0, [UInt8](repeating: 0, count: 8))
    bytes += Self.frame(8, 0, 0, [0, 0, 0, 1])
    bytes += Self.frame(0x77, 0, 0, [1, 2, 3])
    bytes += Self.frame(3, 0, 1, [0, 0, 0, 8])
    let counts = server(fed: bytes).frames
    #expect(counts.headers == 1 && counts.priority == 1 && counts.pings == 1)
    #expect(counts.windowUpdates == 1)
    #expect(counts.others == 1)
    #expect(counts.resets == 1 && counts.settings == 1)
  }
}

/// Numbers that are the same again for the same seed.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
