/// The length-prefixed message of gRPC: one byte of flags, four bytes of length, the message.
package enum Framing {
  /// How long the prefix is.
  package static let prefixLength = 5

  /// Makes a frame of a message, compressed if asked for.
  package static func frame(
    _ message: [UInt8], _ compression: Compression = .identity
  ) throws(RPCError) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: prefixLength)
    frame += try compression.compress(message)
    try seal(&frame, compressed: compression != .identity)
    return frame
  }

  /// A frame that is no message: its flag says that it ends a stream.
  package static func end(_ text: [UInt8], flag: UInt8) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: prefixLength) + text
    // What goes with a status is never near four gigabytes.
    fill(&frame, flags: flag, UInt32(clamping: text.count))
    return frame
  }

  /// The frame with its message compressed, if that is asked for and worth it, or `always`.
  package static func compress(
    _ frame: [UInt8], _ compression: Compression, always: Bool = false
  ) throws(RPCError) -> [UInt8] {
    let isWorthIt = always || frame.count - prefixLength >= CallLimits.smallestToCompress
    guard compression != .identity, isWorthIt else { return frame }
    return try self.frame(Array(frame.dropFirst(prefixLength)), compression)
  }

  /// Room for the prefix of a frame, and for a message of the usual size behind it.
  package static func beginning() -> [UInt8] {
    [UInt8](capacity: usualSize) { frame in
      for _ in 0..<prefixLength { frame.append(0) }
    }
  }

  /// Most messages fit, so that they take one allocation.
  private static let usualSize = 224

  /// Fills in the prefix of a frame that holds five bytes of anything and then the message.
  package static func seal(_ frame: inout [UInt8], compressed: Bool) throws(RPCError) {
    guard let length = UInt32(exactly: frame.count - prefixLength) else {
      throw RPCError(.resourceExhausted, "the message is longer than a frame can be")
    }
    fill(&frame, flags: compressed ? 1 : 0, length)
  }

  private static func fill(_ frame: inout [UInt8], flags: UInt8, _ length: UInt32) {
    frame[0] = flags
    for index in 0..<4 {
      frame[1 + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
    }
  }
}

/// Takes length-prefixed messages out of a stream of bytes, cut wherever the peer cut it.
package struct Deframer: Sendable {
  /// A message as it came, perhaps compressed.
  package struct Frame: Sendable, Hashable {
    package var isCompressed: Bool
    /// Whether it is no message, but what ends a stream of them.
    package var isEnd = false
    package var payload: [UInt8]
  }

  private enum State {
    case prefix(bytesRead: Int)
    case payload(missing: Int)
    case failed
  }

  private let limit: Int
  /// The flag of what ends a stream; zero where frames hold messages only.
  private let endFlag: UInt8
  private var state = State.prefix(bytesRead: 0)
  private var flags: UInt8 = 0
  private var length: UInt32 = 0
  private var payload: [UInt8] = []

  /// Reads messages of at most `limit` bytes.
  package init(limit: Int, endFlag: UInt8 = 0) {
    self.limit = limit
    self.endFlag = endFlag
  }

  /// Whether nothing of a further message has been read.
  package var isBetweenMessages: Bool {
    if case .prefix(bytesRead: 0) = state { true } else { false }
  }

  /// How many bytes of a message that is not whole yet are kept.
  package var keptBytes: Int { payload.count }

  /// Reads from the front of `bytes`, and takes away what it read.
  ///
  /// Returns a message as soon as its last byte is read, and nil when `bytes` is used up. After an
  /// error every later call fails, too.
  package mutating func next(from bytes: inout Span<UInt8>) throws(RPCError) -> Frame? {
    while true {
      switch state {
      case .prefix(bytesRead: 0) where bytes.count >= Framing.prefixLength:
        try readPrefix(bytes)
        bytes = bytes.extracting(droppingFirst: Framing.prefixLength)
      case .prefix(let bytesRead):
        guard !bytes.isEmpty else { return nil }
        try readPrefix(bytes[0], at: bytesRead)
        bytes = bytes.extracting(droppingFirst: 1)
      case .payload(let missing):
        if missing == 0 { return takeFrame() }
        guard !bytes.isEmpty else { return nil }
        let piece = bytes.extracting(first: missing)
        payload.append(copying: piece)
        bytes = bytes.extracting(droppingFirst: piece.count)
        state = .payload(missing: missing - piece.count)
      case .failed:
        throw .fault("the stream of messages is damaged")
      }
    }
  }

  /// Reads a prefix that has not been cut, as nearly all are, in one go.
  private mutating func readPrefix(_ bytes: Span<UInt8>) throws(RPCError) {
    try readFlags(bytes[0])
    let (high, low) = (UInt32(bytes[1]) << 8 | UInt32(bytes[2]), UInt32(bytes[4]))
    length = high << 16 | UInt32(bytes[3]) << 8 | low
    try beginPayload()
  }

  private mutating func readFlags(_ byte: UInt8) throws(RPCError) {
    // Bit 0 says "compressed"; nothing but a protocol's own end defines others.
    guard byte & ~(1 | endFlag) == 0 else {
      state = .failed
      throw .fault("a message has unknown flags")
    }
    flags = byte
    length = 0
  }

  private mutating func readPrefix(_ byte: UInt8, at index: Int) throws(RPCError) {
    if index == 0 {
      try readFlags(byte)
    } else {
      length = length << 8 | UInt32(byte)
    }
    state = .prefix(bytesRead: index + 1)
    if index + 1 == Framing.prefixLength { try beginPayload() }
  }

  private mutating func beginPayload() throws(RPCError) {
    guard length <= limit else {
      state = .failed
      throw RPCError(
        .resourceExhausted, "a message of \(length) bytes is over the limit of \(limit)")
    }
    let length = Int(length)
    payload.reserveCapacity(min(length, CallLimits.reservedBytes))
    state = .payload(missing: length)
  }

  private mutating func takeFrame() -> Frame {
    state = .prefix(bytesRead: 0)
    defer { payload = [] }
    return Frame(isCompressed: flags & 1 != 0, isEnd: flags & endFlag != 0, payload: payload)
  }
}
