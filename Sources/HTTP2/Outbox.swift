/// What waits to be sent on one stream: the rest of its body, and how it ends.
struct Outbox {
  private enum End {
    case open
    case afterBody
    case withTrailers(HeaderBlock)
  }

  /// What nghttp2 has to be told after it took bytes.
  enum Outcome {
    case more
    /// Nothing is there, but something will come.
    case nothingYet
    case end
    case endWithTrailers(HeaderBlock)
  }

  /// What is sent next, from `offset` on; most bodies are no more than this.
  private var first: [UInt8] = []
  private var offset = 0
  /// What comes after it, from `head` on.
  private var rest: [[UInt8]] = []
  private var head = 0
  private var end = End.open
  private(set) var queuedBytes = 0

  var hasEnded: Bool { if case .open = end { false } else { true } }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    if first.isEmpty { first = bytes } else { rest.append(bytes) }
    queuedBytes += bytes.count
  }

  mutating func endAfterBody() { end = .afterBody }

  mutating func end(with trailers: HeaderBlock) { end = .withTrailers(trailers) }

  /// Moves as much as fits into `buffer`.
  mutating func move(into buffer: UnsafeMutableRawBufferPointer) -> (Int, Outcome) {
    var moved = 0
    while moved < buffer.count, !first.isEmpty {
      let count = min(first.count - offset, buffer.count - moved)
      unsafe first.withUnsafeBytes { source in
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[moved...])
        unsafe room.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
      }
      moved += count
      advance(by: count)
    }
    queuedBytes -= moved
    return (moved, outcome(moved))
  }

  private func outcome(_ moved: Int) -> Outcome {
    if !first.isEmpty { return .more }
    switch end {
    case .open: return moved > 0 ? .more : .nothingYet
    case .afterBody: return .end
    case .withTrailers(let trailers): return .endWithTrailers(trailers)
    }
  }

  private mutating func advance(by count: Int) {
    offset += count
    guard offset == first.count else { return }
    offset = 0
    first = head < rest.count ? rest[head] : []
    if head < rest.count { rest[head] = [] }
    head += 1
    if head >= rest.count { forgetRest() }
  }

  private mutating func forgetRest() {
    head = 0
    if !rest.isEmpty { rest.removeAll(keepingCapacity: true) }
  }

  /// Forgets everything but the room, for the next stream in this place.
  mutating func reset() {
    first = []
    forgetRest()
    (offset, queuedBytes, end) = (0, 0, .open)
  }
}
