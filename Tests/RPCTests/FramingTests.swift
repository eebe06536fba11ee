import RPC
import Testing

struct FramingTests {
  /// Everything that comes out of a stream that arrives in these pieces.
  private func messages(
    in pieces: [[UInt8]], limit: Int = 1000
  ) throws(RPCError) -> [Deframer.Frame] {
    var deframer = Deframer(limit: limit)
    var frames: [Deframer.Frame] = []
    for piece in pieces {
      var bytes = piece.span
      while let frame = try deframer.next(from: &bytes) { frames.append(frame) }
      let left = bytes.count
      #expect(left == 0)
    }
    #expect(deframer.isBetweenMessages)
    return frames
  }

  private let stream: [UInt8] =
    [0, 0, 0, 0, 3, 1, 2, 3] + [0, 0, 0, 0, 0] + [1, 0, 0, 0, 1, 9] + [0, 0, 0, 0, 2, 7, 8]

  @Test func `messages are the same wherever the stream is cut in three`() throws {
    let whole = try messages(in: [stream])
    #expect(whole.map(\.payload) == [[1, 2, 3], [], [9], [7, 8]])
    #expect(whole.map(\.isCompressed) == [false, false, true, false])
    for first in 0...stream.count {
      for second in first...stream.count {
        let pieces = [stream[..<first], stream[first..<second], stream[second...]].map(Array.init)
        #expect(try messages(in: pieces) == whole)
      }
    }
    #expect(try messages(in: stream.map { [$0] }) == whole)
  }

  @Test func `a message of no bytes is five bytes long`() throws {
    #expect(try Framing.frame([]) == [0, 0, 0, 0, 0])
    #expect(try Framing.frame([1, 2]) == [0, 0, 0, 0, 2, 1, 2])
  }

  @Test(arguments: [2, 3, 128, 255] as [UInt8])
  func `unknown flags are refused at the first byte`(_ flags: UInt8) {
    var deframer = Deframer(limit: 10)
    let error = #expect(throws: RPCError.self) { try deframer.read([flags]) }
    #expect(error?.code == .internal)
    #expect(throws: RPCError.self) { try deframer.read([0, 0, 0, 0, 0]) }
  }

  @Test(
    arguments: [
      (999, nil), (1000, nil), (1001, .resourceExhausted), (0xFFFF_FFFF, .resourceExhausted),
    ] as [(UInt32, StatusCode?)])
  func `a message over the limit is refused at its prefix`(_ length: UInt32, _ code: StatusCode?) {
    let prefix = [0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
    var deframer = Deframer(limit: 1000)
    var found: StatusCode?
    do { try deframer.read(prefix) } catch { found = error.code }
    #expect(found == code)
  }

  @Test func `a stream may not end within a message`() throws {
    for end in 1..<8 {
      var reader = MessageReader(.identity, expectsOne: true, limits: CallLimits())
      let piece = Array(stream[..<end])
      var bytes = piece.span
      _ = try reader.next(from: &bytes)
      #expect(throws: RPCError.self) { try reader.finish() }
    }
  }
}

extension Deframer {
  mutating func read(_ bytes: [UInt8]) throws(RPCError) {
    var span = bytes.span
    while try next(from: &span) != nil {}
  }
}

struct MessageReaderTests {
  private func read(
    _ stream: [UInt8], _ compression: Compression, expectsOne: Bool = true, limit: Int = 5000
  ) -> Result<[[UInt8]], RPCError> {
    var reader = MessageReader(
      compression, expectsOne: expectsOne, limits: CallLimits(messageBytes: limit))
    var messages: [[UInt8]] = []
    var bytes = stream.span
    do {
      while let message = try reader.next(from: &bytes) { messages.append(message.bytes) }
      _ = try reader.finish()
      return .success(messages)
    } catch { return .failure(error) }
  }

  private func code(_ result: Result<[[UInt8]], RPCError>) -> StatusCode {
    switch result {
    case .success: .ok
    case .failure(let error): error.code
    }
  }

  @Test(arguments: [
    (0, StatusCode.unimplemented), (1, .ok), (2, .unimplemented), (3, .unimplemented),
  ])
  func `a method that takes one message takes exactly one`(_ count: Int, _ expected: StatusCode) {
    let stream = Array(repeatElement([0, 0, 0, 0, 1, 7] as [UInt8], count: count).joined())
    #expect(code(read(stream, .identity)) == expected)
    #expect(code(read(stream, .identity, expectsOne: false)) == .ok)
  }

  @Test(arguments: Compression.allCases, [0, 1, 4999, 5000, 5001])
  func `a message up to the limit survives compression, one byte more does not`(
    _ compression: Compression, _ length: Int
  ) throws {
    let message = [UInt8](repeating: 5, count: length)
    let result = read(try Framing.frame(message, compression), compression)
    #expect(code(result) == (length <= 5000 ? .ok : .resourceExhausted))
    if case .success(let messages) = result { #expect(messages == [message]) }
  }

  @Test func `a compressed message needs a grpc-encoding, and must be compressed so`() throws {
    let frame = try Framing.frame([1, 2, 3], .gzip)
    #expect(code(read(frame, .identity)) == .internal)
    #expect(code(read(frame, .deflate)) == .internal)
    #expect(code(read([1, 0, 0, 0, 3, 1, 2, 3], .gzip)) == .internal)
  }

  @Test func `under a grpc-encoding a message may still come as it is`() {
    #expect(code(read([0, 0, 0, 0, 1, 7], .gzip)) == .ok)
  }

  @Test func `a small message that inflates to much stops at the limit`() throws {
    let bomb = try Framing.frame([UInt8](repeating: 0, count: 10_000_000), .gzip)
    #expect(bomb.count < 50_000)
    #expect(code(read(bomb, .gzip, limit: 60_000)) == .resourceExhausted)
  }
}
