import HTTP2

/// What one side saw, with bodies spelled out and joined, so that it does not depend on how the
/// bytes were cut.
enum Seen: Equatable {
  case headers(Int32, HeaderBlock, end: Bool)
  case data(Int32, [UInt8], end: Bool)
  case trailers(Int32, HeaderBlock)
  case closed(Int32, ErrorCode)
  case other(String)
}

/// One side of a connection in memory, and all that it saw.
final class Peer {
  let session: Session
  var seen: [Seen] = []
  /// The keys of streams that the other side opened, in order.
  var accepted: [StreamKey] = []
  var writable: [StreamKey] = []
  var failure: HTTP2Error?
  /// Gives the window of each stream back at once.
  var consumes = true
  /// When bytes arrive, in nanoseconds.
  var now: Int64 = 0

  init(_ role: Session.Role, limits: Limits = Limits()) { session = Session(role, limits: limits) }

  var frames: FrameCounts { session.frameCounts }
  var streamCount: Int { session.streamCount }
  var isFinished: Bool { session.isFinished }
  func isWritable(_ key: StreamKey) -> Bool { session.isWritable(key) }

  func open(_ headers: HeaderBlock, endStream: Bool) -> StreamKey? {
    session.open(headers, endStream: endStream)
  }

  /// All there is to be sent.
  func output() -> [UInt8] {
    var bytes: [UInt8] = []
    do throws(HTTP2Error) { try session.takeOutput(into: &bytes, upTo: .max) } catch {
      failure = error
    }
    takeEvents([])
    return bytes
  }

  /// Feeds `bytes` in pieces of at most `size`.
  func receive(_ bytes: [UInt8], pieces size: Int = .max) {
    var start = 0
    while start < bytes.count, failure == nil {
      let piece = Array(bytes[start..<start + min(size, bytes.count - start)])
      do throws(HTTP2Error) { try session.receive(piece.span, at: now) } catch { failure = error }
      takeEvents(piece)
      start += piece.count
    }
  }

  private func takeEvents(_ input: [UInt8]) {
    while let event = session.nextEvent() {
      switch event {
      case .headers(let key, let block, let end):
        accepted.append(key)
        seen.append(.headers(key.id.rawValue, block, end: end))
      case .data(let key, let offset, let count, let end):
        if consumes { session.consume(count, on: key) }
        join(key.id.rawValue, Array(input[offset..<offset + count]), end)
      case .trailers(let key, let block): seen.append(.trailers(key.id.rawValue, block))
      case .closed(let key, let code): seen.append(.closed(key.id.rawValue, code))
      case .writable(let key): writable.append(key)
      case .goAway(let last, let code, _): seen.append(.other("GOAWAY \(last) \(code)"))
      case .pingAcknowledged(let payload): seen.append(.other("PING \(payload)"))
      case .dismissed(let excess): seen.append(.other("dismissed: \(excess.rawValue)"))
      case .settings, .settingsAcknowledged: break
      }
    }
  }

  private func join(_ id: Int32, _ bytes: [UInt8], _ end: Bool) {
    if case .data(id, let before, false)? = seen.last {
      seen[seen.count - 1] = .data(id, before + bytes, end: end)
    } else {
      seen.append(.data(id, bytes, end: end))
    }
  }

  /// All of a stream's body that has been seen.
  func body(of id: Int32) -> [UInt8] {
    seen.reduce(into: []) { all, one in if case .data(id, let bytes, _) = one { all += bytes } }
  }
}

/// Carries bytes both ways until neither side has more to say.
func exchange(_ client: Peer, _ server: Peer, pieces: Int = .max) {
  for _ in 0..<10_000 {
    let (up, down) = (client.output(), server.output())
    if up.isEmpty, down.isEmpty { return }
    server.receive(up, pieces: pieces)
    client.receive(down, pieces: pieces)
  }
}

enum Samples {
  static let request = HeaderBlock([
    ":method": "POST", ":scheme": "http", ":path": "/a/b", ":authority": "example.test",
    "content-type": "application/grpc", "te": "trailers", "x-empty": "",
  ])
  static let response = HeaderBlock([":status": "200", "content-type": "application/grpc"])
  static let trailers = HeaderBlock(["grpc-status": "0", "grpc-message": "fine"])

  static func request(adding fields: [(String, String)]) -> HeaderBlock {
    var block = request
    for (name, value) in fields { block.append(name, value) }
    return block
  }
}
