package import Net

/// One side of a connection in memory, of which a test writes down every frame: what it sends, and
/// what has to come next.
///
/// The other side is ours, or any that takes the end. Nothing is done that the script does not say:
/// settings are acknowledged and PINGs answered by the test. Only WINDOW_UPDATE and SETTINGS are
/// passed over where something else is expected. Letting go of it closes the connection.
package final class ScriptedPeer {
  /// What came was not what the script says.
  package struct Surprise: Error, CustomStringConvertible {
    package let description: String
  }

  /// A kind of frame by its number (RFC 9113, section 6).
  package enum Kind: UInt8 {
    case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate
    case continuation
  }

  private let end: MemoryEnd
  private let decoder = FieldDecoder()
  private var changes: AsyncStream<Void>.Iterator
  private var unread: [UInt8] = []
  private var hasEnded = false

  /// Takes an end of which nothing has been read.
  package init(_ end: MemoryEnd) {
    self.end = end
    let (stream, changed) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    changes = stream.makeAsyncIterator()
    end.whenChanged { changed.yield() }
  }

  deinit { end.close() }

  // MARK: What it sends

  /// Sends bytes, frames as a rule, all in one write.
  package func send(_ frames: [UInt8]...) async throws {
    let bytes = frames.flatMap { $0 }
    var sent = 0
    while sent < bytes.count {
      let count = try end.write(bytes.span.extracting(sent...))
      sent += count
      if count == 0 { try await change() }
    }
  }

  // MARK: What it receives

  /// The next frame of whatever kind; nil at the end of the connection.
  package func next() async throws -> ReceivedFrame? {
    while true {
      if let frame = takeFrame() { return try decoded(frame) }
      guard try await fill() else { return nil }
    }
  }

  /// Frames in whatever order, until there are enough or the connection ends.
  package func read(
    until isEnough: ([ReceivedFrame]) -> Bool = { _ in false }
  ) async throws -> [ReceivedFrame] {
    var frames: [ReceivedFrame] = []
    while !isEnough(frames), let frame = try await next() { frames.append(frame) }
    return frames
  }

  /// The next frame, which must be of this kind, and on this stream.
  package func expect(_ kind: Kind, _ stream: UInt32 = 0) async throws -> ReceivedFrame {
    while let frame = try await next() {
      if frame.type == kind.rawValue, frame.stream == stream { return frame }
      if frame.type == Kind.windowUpdate.rawValue || frame.type == Kind.settings.rawValue {
        continue
      }
      throw Surprise(description: "expected \(kind) on stream \(stream), got \(frame)")
    }
    throw Surprise(description: "expected \(kind) on stream \(stream), the connection has ended")
  }

  /// HEADERS and DATA on this stream until its end; returns the fields and the body.
  package func expectMessage(
    _ stream: UInt32
  ) async throws -> (fields: [String: String], body: [UInt8]) {
    let headers = try await expect(.headers, stream)
    var (body, isAtEnd): ([UInt8], Bool) = ([], headers.endsStream)
    while !isAtEnd {
      let data = try await expect(.data, stream)
      body += data.payload
      isAtEnd = data.endsStream
    }
    return (headers.fields, body)
  }

  /// The other side closes the connection; until then it may send what it likes.
  package func expectEnd() async throws { while try await next() != nil {} }

  /// Plays a server up to where requests may come.
  ///
  /// - Parameter settings: what it announces.
  package func handshakeAsServer(_ settings: [(UInt16, UInt32)] = []) async throws {
    let preface = Array(Frame.preface.prefix(24))
    while unread.count < preface.count, try await fill() {}
    guard unread.starts(with: preface) else { throw Surprise(description: "no preface") }
    unread.removeFirst(preface.count)
    _ = try await expect(.settings)
    try await send(
      Frame.settings(settings), Frame.settings([], flags: Frame.acknowledgement))
  }

  /// Plays a client up to where it may send requests.
  package func handshakeAsClient() async throws {
    try await send(Frame.preface)
    _ = try await expect(.settings)
    try await send(Frame.settings([], flags: Frame.acknowledgement))
  }

  /// Has the other side answer a PING; returns what came before the answer.
  package func roundTrip() async throws -> [ReceivedFrame] {
    try await send(Frame.ping())
    var before: [ReceivedFrame] = []
    while let frame = try await next() {
      if frame.type == Kind.ping.rawValue, frame.flags == Frame.acknowledgement { return before }
      before.append(frame)
    }
    throw Surprise(description: "expected the answer to a PING, the connection has ended")
  }

  private func takeFrame() -> ReceivedFrame? {
    guard unread.count >= 9 else { return nil }
    let size = 9 + unread[..<3].reduce(0) { $0 << 8 | Int($1) }
    guard unread.count >= size else { return nil }
    defer { unread.removeFirst(size) }
    return ReceivedFrame.all(in: Array(unread[..<size])).first
  }

  private func decoded(_ frame: ReceivedFrame) throws -> ReceivedFrame {
    guard frame.type == Kind.headers.rawValue else { return frame }
    guard let fields = decoder.decode(frame.payload) else {
      throw Surprise(description: "a header block that is malformed: \(frame)")
    }
    var frame = frame
    frame.fields = fields
    return frame
  }

  /// Waits for more bytes; false if there will be none.
  private func fill() async throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !hasEnded {
      guard let count = end.read(into: &buffer) else {
        try await change()
        continue
      }
      hasEnded = count == 0
      unread += buffer[..<count]
      if count > 0 { return true }
    }
    return false
  }

  private func change() async throws {
    if await changes.next(isolation: #isolation) == nil { throw CancellationError() }
  }
}
