/// How many frames of each kind the peer has sent, for measurements and tests.
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
  /// Streams that were refused because too many were open.
  public internal(set) var refusedStreams = 0
  /// DATA that were sent to the peer.
  public internal(set) var sentData = 0

  mutating func add(_ frame: FrameHead) {
    switch (frame.type, frame.isAcknowledgement) {
    case (FrameType.data, _):
      data += 1
      if frame.isEmptyData { emptyData += 1 }
    case (FrameType.headers, _): headers += 1
    case (FrameType.priority, _), (FrameType.priorityUpdate, _): priority += 1
    case (FrameType.reset, _): resets += 1
    case (FrameType.settings, false): settings += 1
    case (FrameType.ping, false): pings += 1
    case (FrameType.goAway, _): goAways += 1
    case (FrameType.windowUpdate, _): windowUpdates += 1
    case (FrameType.continuation, _): continuations += 1
    default: others += 1
    }
  }
}

extension FrameCounts: CustomStringConvertible {
  /// The kinds of which there were any, as `headers 3, resets 2`.
  public var description: String {
    let all = [
      ("data", data), ("empty data", emptyData), ("headers", headers), ("priority", priority),
      ("resets", resets), ("settings", settings), ("pings", pings), ("goaways", goAways),
      ("window updates", windowUpdates), ("continuations", continuations), ("others", others),
      ("provoked resets", provokedResets), ("refused streams", refusedStreams),
      ("sent data", sentData),
    ]
    return all.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }
}

/// RFC 9113, section 6, and RFC 9218, section 7.1.
enum FrameType {
  static let data: UInt8 = 0
  static let headers: UInt8 = 1
  static let priority: UInt8 = 2
  static let reset: UInt8 = 3
  static let settings: UInt8 = 4
  static let pushPromise: UInt8 = 5
  static let ping: UInt8 = 6
  static let goAway: UInt8 = 7
  static let windowUpdate: UInt8 = 8
  static let continuation: UInt8 = 9
  static let priorityUpdate: UInt8 = 16
}

/// The nine bytes before a payload (RFC 9113, section 4.1).
struct FrameHead {
  static let size = 9

  let length: Int
  let type: UInt8
  let flags: UInt8
  let stream: UInt32

  var endsStream: Bool { flags & 0x1 != 0 }
  /// The same bit, on SETTINGS and PING.
  var isAcknowledgement: Bool {
    flags & 0x1 != 0 && (type == FrameType.settings || type == FrameType.ping)
  }
  var endsHeaders: Bool { flags & 0x4 != 0 }
  var isEmptyData: Bool { type == FrameType.data && length == 0 && !endsStream }
}
