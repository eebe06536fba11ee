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

  private var chunks: [[UInt8]] = []
  private var head = 0
  /// How much of the first chunk is gone.
  private var offset = 0
  private var end = End.open
  private(set) var queuedBytes = 0

  var hasEnded: Bool { if case .open = end { false } else { true } }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    chunks.append(bytes)
    queuedBytes += bytes.count
  }

  mutating func endAfterBody() { end = .afterBody }

  mutating func end(with trailers: HeaderBlock) { end = .withTrailers(trailers) }

  /// Moves as much as fits into `buffer`.
  mutating func move(into buffer: UnsafeMutableRawBufferPointer) -> (Int, Outcome) {
    var moved = 0
    while moved < buffer.count, head < chunks.count {
      let count = min(chunks[head].count - offset, buffer.count - moved)
      unsafe chunks[head].withUnsafeBytes { source in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[moved...])
        unsafe rest.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
      }
      moved += count
      advance(by: count)
    }
    queuedBytes -= moved
    return (moved, outcome(moved))
  }

  private func outcome(_ moved: Int) -> Outcome {
    if head < chunks.count { return .more }
    switch end {
    case .open: return moved > 0 ? .more : .nothingYet
    case .afterBody: return .end
    case .withTrailers(let trailers): return .endWithTrailers(trailers)
    }
  }

  private mutating func advance(by count: Int) {
    offset += count
    guard offset == chunks[head].count else { return }
    chunks[head] = []
    offset = 0
    head += 1
    if head == chunks.count {
      chunks.removeAll(keepingCapacity: true)
      head = 0
    }
  }

  /// Forgets everything but the room, for the next stream in this place.
  mutating func reset() {
    chunks.removeAll(keepingCapacity: true)
    (head, offset, queuedBytes, end) = (0, 0, 0, .open)
  }
}
