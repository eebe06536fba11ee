internal import Net

/// The messages of a call's request, kept as long as they may have to be sent again.
struct RequestBuffer {
  private let limit: Int
  private var frames: [[UInt8]] = []
  private var bytes = 0
  private var isKept = true
  /// Whether the last message has been written.
  private(set) var hasEnded = false

  init(limit: Int) { self.limit = limit }

  /// Whether there is more than is kept.
  ///
  /// One message alone never is: it has been in memory as a whole.
  var isTooLarge: Bool { bytes > limit && frames.count > 1 }

  /// Takes a message in, and sends it if there is a stream.
  mutating func append(_ frame: [UInt8], to stream: Net.Stream?) {
    if isKept {
      frames.append(frame)
      bytes += frame.count
    }
    stream?.sendData(frame)
  }

  /// Takes in that no messages follow.
  mutating func end(on stream: Net.Stream?) {
    guard !hasEnded else { return }
    hasEnded = true
    stream?.sendData([], endStream: true)
  }

  /// Sends all there is so far.
  func send(on stream: Net.Stream) {
    for (index, frame) in frames.enumerated() {
      stream.sendData(frame, endStream: hasEnded && index == frames.count - 1)
    }
    if hasEnded, frames.isEmpty { stream.sendData([], endStream: true) }
  }

  /// Keeps nothing any more.
  mutating func letGo() {
    isKept = false
    frames = []
    bytes = 0
  }
}
