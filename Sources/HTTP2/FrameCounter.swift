/// How many frames of each kind the peer has sent: what a budget against abuse looks at.
public struct FrameCounts: Sendable, Hashable {
  /// DATA, with or without payload.
  public internal(set) var data = 0
  /// DATA that carry nothing and end nothing.
  public internal(set) var emptyData = 0
  /// HEADERS.
  public internal(set) var headers = 0
  /// PRIORITY and PRIORITY_UPDATE.
  public internal(set) var priority = 0
  /// RST_STREAM.
  public internal(set) var resets = 0
  /// SETTINGS without acknowledgements.
  public internal(set) var settings = 0
  /// PING without acknowledgements.
  public internal(set) var pings = 0
  /// GOAWAY.
  public internal(set) var goAways = 0
  /// WINDOW_UPDATE.
  public internal(set) var windowUpdates = 0
  /// CONTINUATION.
  public internal(set) var continuations = 0
  /// All others, acknowledgements among them.
  public internal(set) var others = 0
  /// RST_STREAM that the peer's mistakes made us send.
  public internal(set) var provokedResets = 0
}

/// Walks over the peer's bytes from frame to frame and counts.
///
/// nghttp2 shows neither frames of unknown types nor, if a block is cut, how many CONTINUATIONs there
/// were (1.52 counts its own calls), so this looks before the library does. It believes the lengths:
/// if they lie, the library ends the connection.
struct FrameCounter {
  private static let headerSize = 9

  private(set) var counts = FrameCounts()
  private let continuationLimit: Int
  /// CONTINUATIONs since the last frame of another kind.
  private var continuations = 0
  /// Bytes until the next header: of the client's preface, or of a payload.
  private var toSkip: Int
  /// The bytes of a header that has been cut, most significant first, and how many.
  private var partial: UInt64 = 0
  private var partialCount = 0

  /// Starts before the first frame, on a server also before the client's preface.
  init(isServer: Bool, continuationLimit: Int) {
    toSkip = isServer ? 24 : 0
    self.continuationLimit = continuationLimit
  }

  /// Counts the frames whose headers begin in `bytes`; false if there is a CONTINUATION too many.
  mutating func count(_ bytes: Span<UInt8>) -> Bool {
    var position = 0
    while true {
      let skipped = min(toSkip, bytes.count - position)
      toSkip -= skipped
      position += skipped
      while position < bytes.count, partialCount < Self.headerSize {
        add(bytes[position])
        position += 1
      }
      guard partialCount == Self.headerSize else { return true }
      partialCount = 0
      if continuations > continuationLimit { return false }
    }
  }

  /// Takes one byte of a header.
  ///
  /// The fifth is the last that matters.
  private mutating func add(_ byte: UInt8) {
    partialCount += 1
    guard partialCount <= 5 else { return }
    partial = partial << 8 | UInt64(byte)
    if partialCount == 5 { countFrame() }
  }

  private mutating func countFrame() {
    let length = Int(partial >> 16 & 0xFF_FFFF)
    let (type, flags) = (
      UInt8(truncatingIfNeeded: partial >> 8), UInt8(truncatingIfNeeded: partial)
    )
    partial = 0
    toSkip = length
    continuations = type == FrameType.continuation ? continuations + 1 : 0
    counts.add(type, flags, isEmpty: length == 0)
  }

  mutating func addProvokedReset() { counts.provokedResets += 1 }
}

/// RFC 9113, section 6, and RFC 9218, section 7.1.
private enum FrameType {
  static let continuation: UInt8 = 9
}

extension FrameCounts {
  /// Both END_STREAM and ACK.
  private static let flag: UInt8 = 0x1

  fileprivate mutating func add(_ type: UInt8, _ flags: UInt8, isEmpty: Bool) {
    let isFlagged = flags & Self.flag != 0
    switch (type, isFlagged) {
    case (0, _):
      data += 1
      if isEmpty, !isFlagged { emptyData += 1 }
    case (1, _): headers += 1
    case (2, _), (16, _): priority += 1
    case (3, _): resets += 1
    case (4, false): settings += 1
    case (6, false): pings += 1
    case (7, _): goAways += 1
    case (8, _): windowUpdates += 1
    case (FrameType.continuation, _): continuations += 1
    default: others += 1
    }
  }
}
