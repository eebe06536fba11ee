/// What a client has done to the streams it opened last, by its own frames alone.
///
/// nghttp2 forgets a stream when it is over, and so takes what RFC 9113, section 5.1 forbids: frames
/// for a stream whose sender had finished it, and the first HEADERS of a stream with a lower number
/// than the last. A client that keeps the rules never does either, whatever it has heard of us
/// meanwhile: trailers that cross our RST_STREAM belong to a stream that its sender has opened and
/// not ended. What lies further back than the window is left to the library.
struct PeerStreams {
  /// How many streams back are remembered: more than may be open at once by default.
  private static let window = 256

  /// The number of the highest stream, halved; -1 before the first.
  private var last = -1
  private var opened = StreamBits()
  private var ended = StreamBits()

  /// HEADERS have come; what is wrong with that, if anything.
  mutating func receivedHeaders(_ id: UInt32, endStream: Bool) -> ErrorCode? {
    let index = Int(id / 2)
    if index > last {
      open(index)
    } else if !remembers(index) {
      return nil
    } else if !opened[index] {
      // Section 5.1.1: "An endpoint that receives an unexpected stream identifier MUST respond with
      // a connection error of type PROTOCOL_ERROR".
      return .protocolError
    } else if ended[index] {
      return .streamClosed
    }
    if endStream { ended[index] = true }
    return nil
  }

  /// DATA have come; what is wrong with that, if anything.
  ///
  /// Those of an idle stream are the library's to refuse.
  mutating func receivedData(_ id: UInt32, endStream: Bool) -> ErrorCode? {
    let index = Int(id / 2)
    guard index <= last, remembers(index) else { return nil }
    if ended[index] || !opened[index] { return .streamClosed }
    if endStream { ended[index] = true }
    return nil
  }

  /// RST_STREAM has come.
  mutating func receivedReset(_ id: UInt32) {
    let index = Int(id / 2)
    if index <= last, remembers(index) { ended[index] = true }
  }

  private func remembers(_ index: Int) -> Bool { last - index < Self.window }

  private mutating func open(_ index: Int) {
    // The places of what falls out of the window.
    for skipped in max(last + 1, index - Self.window + 1)...index {
      opened[skipped] = false
      ended[skipped] = false
    }
    opened[index] = true
    last = index
  }

  /// One bit for each place of the window.
  private struct StreamBits {
    private var words: InlineArray<4, UInt64> = .init(repeating: 0)

    subscript(_ index: Int) -> Bool {
      get { words[index >> 6 & 3] >> UInt64(index & 63) & 1 != 0 }
      set {
        let bit = UInt64(1) << UInt64(index & 63)
        if newValue { words[index >> 6 & 3] |= bit } else { words[index >> 6 & 3] &= ~bit }
      }
    }
  }
}
