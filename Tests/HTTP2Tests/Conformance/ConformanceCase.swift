import HTTP2
import ScriptedPeer
import Testing

/// One rule of RFC 9113 or RFC 7541: what a client sends, and what has to come of it.
struct ConformanceCase: CustomTestStringConvertible, Sendable {
  /// What a server has to do.
  enum Outcome: Sendable {
    /// It answers the request on stream 1 with a body.
    case answers
    /// It sends GOAWAY with one of these codes, and nothing is left to do on the connection.
    case connectionError([ErrorCode])
    /// It resets this stream with one of these codes, and the connection lives.
    case streamError(UInt32, [ErrorCode])
    /// It acknowledges each SETTINGS.
    case acknowledges(Int)
    /// It answers a PING with these bytes.
    case pong([UInt8])
    /// It sends DATA of these sizes on stream 1, and no more.
    case data([Int])
    /// It neither resets anything nor complains.
    case nothing
  }

  /// The section, and a number within it.
  let id: String
  let rule: String
  /// What is sent, after the preface unless `isRaw`; before each, all output has been read.
  let flights: [[UInt8]]
  let outcome: Outcome
  let isRaw: Bool

  init(
    _ id: String, _ rule: String, _ frames: [UInt8]..., is outcome: Outcome, isRaw: Bool = false
  ) {
    self.id = id
    self.rule = rule
    flights = [frames.flatMap { $0 }]
    self.outcome = outcome
    self.isRaw = isRaw
  }

  init(_ id: String, _ rule: String, flights: [[UInt8]], is outcome: Outcome) {
    self.id = id
    self.rule = rule
    self.flights = flights
    self.outcome = outcome
    isRaw = false
  }

  var testDescription: String { "\(id) \(rule)" }
}

/// A server in memory that answers every complete request with `hello`.
final class AnsweringServer {
  static let body = Array("hello".utf8)
  static let headers = HeaderBlock([":status": "200", "content-type": "text/plain"])

  let session: Session
  private(set) var sent: [UInt8] = []
  private(set) var failure: HTTP2Error?
  /// The streams whose headers have been seen.
  private(set) var seen: [StreamKey] = []

  init(limits: Limits = Limits()) { session = Session(.server, limits: limits) }

  var frames: [ReceivedFrame] { ReceivedFrame.all(in: sent) }

  /// Feeds `bytes` in pieces, and answers and sends after each.
  func receive(_ bytes: [UInt8], pieces size: Int) {
    var rest = bytes[...]
    while !rest.isEmpty, failure == nil {
      let piece = Array(rest.prefix(size))
      rest = rest.dropFirst(size)
      do throws(HTTP2Error) { try session.receive(piece.span) } catch { failure = error }
      turn()
    }
  }

  private func turn() {
    answer()
    do throws(HTTP2Error) { try session.takeOutput(into: &sent, upTo: .max) } catch {
      failure = error
    }
    answer()
  }

  private func answer() {
    while let event = session.nextEvent() {
      switch event {
      case .headers(let key, _, let end):
        seen.append(key)
        if end { respond(key) }
      case .data(let key, _, let count, let end):
        session.consume(count, on: key)
        if end { respond(key) }
      case .trailers(let key, _): respond(key)
      default: break
      }
    }
  }

  private func respond(_ key: StreamKey) {
    session.sendHeaders(Self.headers, endStream: false, on: key)
    session.sendData(Self.body, endStream: true, on: key)
  }
}

extension ConformanceCase {
  /// A sign of life that comes after the flights of a case that the connection survives.
  static let probe = Array("alive???".utf8)

  /// The rule with all that is sent in one flight, the preface included.
  ///
  /// What a window lets through bit by bit then comes at once.
  var joined: ConformanceCase {
    var all = flights.flatMap { $0 }
    if !isRaw { all = Frame.preface + all }
    var outcome = outcome
    if case .data(let sizes) = outcome { outcome = .data([sizes.reduce(0, +)]) }
    return ConformanceCase(id, rule, all, is: outcome, isRaw: true)
  }

  /// What is wrong with how a server took this; nil if nothing is.
  func complaint(pieces: Int) -> String? {
    let server = AnsweringServer()
    if !isRaw { server.receive(Frame.preface, pieces: pieces) }
    for flight in flights { server.receive(flight, pieces: pieces) }
    if case .connectionError = outcome {
      return complaint(about: server.frames)
        ?? (server.session.isFinished ? nil : "the connection goes on")
    }
    server.receive(Frame.ping(Self.probe), pieces: pieces)
    return complaint(about: server.frames)
  }

  /// Compares frames that came from a server, which answers with `body`, with the outcome.
  func complaint(
    about frames: [ReceivedFrame], answer body: [UInt8] = AnsweringServer.body
  ) -> String? {
    isFine(frames, body) ? nil : "expected \(outcome), got \(frames)"
  }

  private func isFine(_ frames: [ReceivedFrame], _ body: [UInt8]) -> Bool {
    let goAways = frames.filter { $0.type == 7 }
    if case .connectionError(let codes) = outcome {
      return goAways.last?.code.map(codes.contains) ?? false
    }
    guard goAways.isEmpty, isPong(frames.last, Self.probe) else { return false }
    let resets = frames.filter { $0.type == 3 }
    if case .streamError(let stream, let codes) = outcome {
      return resets.count == 1 && resets[0].stream == stream
        && resets[0].code.map(codes.contains) == true
    }
    return resets.isEmpty && isFine(frames, body, quiet: outcome)
  }

  /// Outcomes without an error.
  private func isFine(_ frames: [ReceivedFrame], _ body: [UInt8], quiet outcome: Outcome) -> Bool {
    let data = frames.filter { $0.type == 0 && $0.stream == 1 }
    return switch outcome {
    case .answers: data.flatMap(\.payload) == body && data.last?.flags == 1
    case .acknowledges(let count): frames.filter { $0.type == 4 && $0.flags == 1 }.count == count
    case .pong(let payload): frames.contains { isPong($0, payload) }
    case .data(let sizes): data.map(\.payload.count) == sizes
    default: true
    }
  }

  private func isPong(_ frame: ReceivedFrame?, _ payload: [UInt8]) -> Bool {
    frame?.type == 6 && frame?.flags == 1 && frame?.payload == payload
  }
}
