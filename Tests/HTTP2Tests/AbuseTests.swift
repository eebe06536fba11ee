import HTTP2
import ScriptedPeer
import Testing

/// A way to wear a server out: many frames, each of them legal or nearly so.
struct Attack: CustomTestStringConvertible, Sendable {
  let name: String
  /// What the server says in the end; nil if it only takes no more streams and finishes those it has,
  /// here none.
  let reason: HTTP2Error?
  /// By how many frames of the attack it must be over.
  let bound: Int
  /// Sent once, before.
  var opening: [UInt8] = []
  /// The limits without the one that helps.
  var withoutDefence: (@Sendable (inout Limits) -> Void)?
  /// The frames of one round, of which there are as many as it takes.
  let round: @Sendable (UInt32) -> [UInt8]

  var testDescription: String { name }
}

/// A stream's number by the order of opening.
private func stream(_ number: UInt32) -> UInt32 { 2 * number + 1 }

extension Attack {
  static let all: [Attack] = resets + mistakes + headers + control

  private static let resets: [Attack] = [
    Attack(
      name: "T4: Rapid Reset", reason: nil, bound: 201,
      withoutDefence: { $0.resets = .unlimited },
      round: { Frame.headers(stream($0)) + Frame.reset(stream($0)) }),
    Attack(
      name: "T6: MadeYouReset by a window that overflows", reason: .excess(.mistakes), bound: 101,
      withoutDefence: {
        $0.mistakes = .unlimited
        $0.boundsWindowUpdates = false
      },
      round: {
        Frame.headers(stream($0), end: false) + Frame.windowUpdate(stream($0), 0x7FFF_FFFF)
      }),
  ]

  private static let badRequests: [(String, [UInt8])] = [
    ("upper case", Fields.request + Fields.literal("X-Upper", "1")),
    ("no path", Fields.get + Fields.http + Fields.authority),
    ("two methods", Fields.request + Fields.get),
    ("a forbidden character", Fields.request + Fields.literal("x", "a\0b")),
    ("user information", Fields.request + Fields.literal(":authority", "u@h")),
    ("nothing at all", []),
  ]

  private static let mistakes: [Attack] =
    badRequests.map { name, block in
      Attack(
        name: "T7: malformed requests, \(name)", reason: .excess(.mistakes), bound: 101,
        withoutDefence: { $0.mistakes = .unlimited },
        round: { Frame.headers(stream($0), block) })
    } + [
      Attack(
        name: "T16: empty DATA", reason: .excess(.mistakes), bound: 109,
        opening: Frame.headers(1, Fields.upload, end: false),
        withoutDefence: { $0.mistakes = .unlimited }, round: { _ in Frame.data(1) }),
      Attack(
        name: "T17: PRIORITY", reason: .excess(.mistakes), bound: 101,
        withoutDefence: { $0.mistakes = .unlimited },
        round: { Frame.priority(stream($0 % 1000), on: stream(($0 + 1) % 1000)) }),
    ]
    + [UInt8(0x10), 0x77, 0x0A, 0x0C].map { type in
      Attack(
        name: "T17: frames of type \(type)", reason: .excess(.mistakes), bound: 101,
        withoutDefence: { $0.mistakes = .unlimited },
        round: { _ in Frame.raw(type, 0, 0, [0, 0, 0, 0, 0, 0]) })
    }

  private static let headers: [Attack] = [
    Attack(
      name: "T8: CONTINUATION", reason: .tooManyContinuations, bound: 5,
      opening: Frame.headers(1, Fields.request, flags: 0),
      withoutDefence: {
        $0.continuations = .max
        $0.headerListSizeBeforeClosing = .max
      },
      round: { Frame.continuation(1, Fields.literal("x-\($0)", "y"), flags: 0) }),
    Attack(
      name: "T12: one long field, again and again", reason: .headerListTooLarge, bound: 1,
      withoutDefence: { $0.headerListSizeBeforeClosing = .max },
      round: {
        // 4,000 bytes enter the table, and each byte after them is a reference.
        let entry: [UInt8] =
          [0x40, 1, 0x61, 0x7F, 0xA1, 0x1E] + [UInt8](repeating: 0x62, count: 4000)
        return Frame.headers(
          stream($0), Fields.request + entry + [UInt8](repeating: 0xBE, count: 10_000))
      }),
  ]

  private static let control: [Attack] = [
    Attack(
      name: "T14: PING", reason: .excess(.pings), bound: 4,
      withoutDefence: { ($0.pings, $0.idlePings) = (.unlimited, .unlimited) },
      round: { _ in Frame.ping() }),
    Attack(
      name: "T15: SETTINGS after that of the preface", reason: .excess(.settings), bound: 50,
      withoutDefence: { $0.settings = .unlimited }, round: { Frame.settings([(3, $0)]) }),
    Attack(
      name: "T15: acknowledgements of nothing", reason: .excess(.mistakes), bound: 101,
      withoutDefence: { $0.mistakes = .unlimited },
      round: { _ in Frame.ping(flags: Frame.acknowledgement) }),
    Attack(
      name: "T18: WINDOW_UPDATE", reason: .excess(.windowUpdates), bound: 6,
      withoutDefence: { $0.boundsWindowUpdates = false },
      round: { _ in Frame.windowUpdate(0, 1) }),
    Attack(
      name: "T25: streams beyond the limit", reason: .excess(.refusedStreams), bound: 2101,
      withoutDefence: { $0.refusedStreams = .unlimited },
      round: { Frame.headers(stream($0), end: false) }),
  ]
}

struct AbuseTests {
  /// How many rounds a server takes, how many requests its application saw, and the server.
  private func run(
    _ attack: Attack, _ limits: Limits, rounds: Int, inOneWrite: Bool = false
  ) -> (rounds: Int, server: Peer) {
    let server = Peer(.server, limits: limits)
    server.receive(Frame.preface + attack.opening)
    if inOneWrite {
      server.receive((0..<UInt32(rounds)).flatMap(attack.round))
      return (server.failure == nil ? rounds : 0, server)
    }
    for number in 0..<rounds {
      server.receive(attack.round(UInt32(number)))
      // A peer that reads all answers, so that no queue grows.
      _ = server.output()
      if server.failure != nil || server.isFinished { return (number + 1, server) }
    }
    return (rounds, server)
  }

  @Test(arguments: Attack.all)
  func `T4, T6 to T8, T12, T14 to T18: an attack ends at its limit`(_ attack: Attack) {
    let (rounds, server) = run(attack, Limits(), rounds: attack.bound + 50)
    #expect(server.failure == attack.reason)
    #expect(rounds == attack.bound)
    #expect(server.isFinished)
    #expect(server.session.lastWords == .enhanceYourCalm)
  }

  @Test(arguments: Attack.all)
  func `an attack in one write ends the same way`(_ attack: Attack) throws {
    let (_, server) = run(attack, Limits(), rounds: attack.bound + 2200, inOneWrite: true)
    // A stream that is to be reset is open until that is sent: from the hundredth on all that follow
    // are refused instead. And whoever is dismissed has not been told yet.
    let late: [HTTP2Error?] = [.excess(.refusedStreams), .excess(.resets)]
    #expect(server.failure == attack.reason || late.contains(server.failure))
    let goAways = ReceivedFrame.all(in: server.output()).filter { $0.type == 7 }
    #expect(goAways.last?.code == .enhanceYourCalm)
    if case .excess(let excess)? = server.failure {
      #expect(goAways.contains { $0.debugText == excess.rawValue })
    }
  }

  @Test(arguments: Attack.all)
  func `with its limit switched off an attack goes on`(_ attack: Attack) {
    var limits = Limits()
    attack.withoutDefence?(&limits)
    let (rounds, server) = run(attack, limits, rounds: 3 * attack.bound)
    #expect(server.failure == nil)
    #expect(rounds == 3 * attack.bound)
  }

  @Test func `T4: requests withdrawn in the same write are never seen`() {
    let server = Peer(.server)
    let attack = (0..<150).flatMap { Frame.headers(stream($0)) + Frame.reset(stream($0)) }
    server.receive(Frame.preface + attack)
    #expect(server.accepted.isEmpty && server.seen.isEmpty)
    #expect(server.failure == nil && server.streamCount == 0)
    server.receive(Frame.headers(stream(150)))
    #expect(server.accepted.map(\.id.rawValue) == [301])
  }

  /// A server that has one request under way, and its peer withdraws `count` others.
  private func withdraw(_ count: UInt32, limits: Limits = Limits(), pieces: Int) -> Peer {
    let server = Peer(.server, limits: limits)
    server.receive(Frame.preface + Frame.headers(1, end: false))
    for first in stride(from: 1, through: count, by: pieces) {
      let numbers = first..<min(first + UInt32(pieces), count + 1)
      server.receive(numbers.flatMap { Frame.headers(stream($0)) })
      server.receive(numbers.flatMap { Frame.reset(stream($0)) })
      _ = server.output()
    }
    return server
  }

  @Test(arguments: [1, 16, 90])
  func `T51: whoever withdraws many calls at once keeps the others`(_ pieces: Int) {
    let server = withdraw(1000, pieces: pieces)
    #expect(server.seen.contains(.other("dismissed: too_many_resets")))
    #expect(server.session.lastWords == .noError)
    #expect(server.failure == nil && !server.isFinished)
    #expect(server.accepted.count <= 201 + pieces)
    // Too late for another, not for the one under way.
    server.receive(Frame.headers(5001) + Frame.data(1, [7], end: true))
    #expect(server.accepted.last?.id.rawValue ?? 0 < 5001)
    #expect(server.seen.contains(.data(1, [7], end: true)))
    server.session.sendHeaders(Samples.response, endStream: true, on: server.accepted[0])
    let frames = ReceivedFrame.all(in: server.output())
    #expect(frames.contains { $0.type == 1 && $0.stream == 1 })
    // Nothing is left that this could harm.
    #expect(frames.last?.code == .enhanceYourCalm && frames.last?.debugText == "too_many_resets")
    #expect(server.isFinished)
  }

  @Test func `T4: whoever goes on withdrawing calls loses the others`() {
    for (count, failure) in [(2201, nil), (2202, HTTP2Error.excess(.resets))] {
      #expect(withdraw(UInt32(count), pieces: 1).failure == failure)
    }
    var limits = Limits()
    limits.lateResets = .unlimited
    #expect(withdraw(10_000, limits: limits, pieces: 1).failure == nil)
  }

  @Test func `a stream that comes before the news of the last one is refused`() {
    let server = Peer(.server)
    server.receive(Frame.preface + Frame.headers(1, end: false))
    server.session.drain()
    server.receive(Frame.headers(3))
    let frames = ReceivedFrame.all(in: server.output())
    #expect(server.accepted.map(\.id.rawValue) == [1])
    #expect(frames.contains { $0.type == 7 && $0.payload.prefix(4) == [0, 0, 0, 1] })
    #expect(frames.contains { $0.stream == 3 && $0.code == .refusedStream })
  }

  @Test func `T5: fifteen cancelled calls a second go on for ever`() {
    let server = Peer(.server)
    server.receive(Frame.preface)
    for number in 0..<UInt32(900) {
      server.now = Int64(number) * 1_000_000_000 / 15
      server.receive(Frame.headers(stream(number)))
      _ = server.output()
      server.receive(Frame.reset(stream(number)))
    }
    #expect(server.failure == nil && server.accepted.count == 900)
  }

  @Test func `T9: a block in five frames may arrive byte by byte`() {
    let block = Fields.request + (0..<12).flatMap { Fields.literal("x-\($0)", "y") }
    let fifth = block.count / 5
    var bytes = Frame.headers(1, Array(block[..<fifth]), flags: 0)
    for index in 1..<4 {
      bytes += Frame.continuation(1, Array(block[index * fifth..<(index + 1) * fifth]), flags: 0)
    }
    bytes += Frame.continuation(1, Array(block[(4 * fifth)...]))
    let server = Peer(.server)
    server.receive(Frame.preface + bytes, pieces: 1)
    #expect(server.accepted.count == 1 && server.failure == nil)
  }

  @Test func `T11: a bomb of references and crumbs is refused at the sixty-fifth field`() {
    let entry: [UInt8] = [0x40, 1, 0x61, 0]
    let server = Peer(.server)
    server.receive(Frame.preface)
    for number in 0..<UInt32(100) {
      let block = Fields.request + entry + [UInt8](repeating: 0xBE, count: 60)
      server.receive(Frame.headers(stream(number), block))
      _ = server.output()
    }
    #expect(server.accepted.isEmpty && server.frames.provokedResets == 100)
    // One more is one too many.
    server.receive(
      Frame.headers(stream(100), Fields.request + entry + [UInt8](repeating: 0xBE, count: 60)))
    #expect(server.failure == .excess(.mistakes))
  }

  @Test(arguments: [(true, 10), (true, 9), (false, 60), (false, 59)])
  func `T14: a client may ping every ten seconds of a call, and else once a minute`(
    _ hasCall: Bool, _ seconds: Int64
  ) {
    let server = Peer(.server)
    server.receive(Frame.preface + (hasCall ? Frame.headers(1, end: false) : []))
    for number in 0..<Int64(200) {
      server.now = number * seconds * 1_000_000_000
      server.receive(Frame.ping())
      _ = server.output()
    }
    #expect(server.failure == (seconds % 10 == 0 ? nil : .excess(.pings)))
  }

  @Test func `T14: a client may ping whenever it was answered`() {
    let server = Peer(.server)
    server.receive(Frame.preface)
    for number in 0..<UInt32(100) {
      server.receive(Frame.headers(stream(number)))
      if let key = server.accepted.last {
        server.session.sendHeaders(Samples.response, endStream: true, on: key)
      }
      _ = server.output()
      server.receive(Frame.ping() + Frame.ping())
      _ = server.output()
    }
    #expect(server.failure == nil)
  }

  @Test func `T15: thirty-three entries in one SETTINGS are too many`() {
    let entries = { (count: Int) in (0..<count).map { (UInt16(0x100 + $0), UInt32(1)) } }
    let fine = Peer(.server)
    fine.receive(Frame.preface + Frame.settings(entries(32)))
    #expect(fine.failure == nil)
    let server = Peer(.server)
    server.receive(Frame.preface + Frame.settings(entries(33)))
    _ = server.output()
    #expect(server.session.lastWords == .enhanceYourCalm && server.isFinished)
  }

  @Test func `T18: an update for each frame of data is never too much`() {
    let server = Peer(.server)
    server.receive(Frame.preface + Frame.headers(1))
    server.session.sendHeaders(Samples.response, endStream: false, on: server.accepted[0])
    for _ in 0..<5_000 {
      server.session.sendData([1], endStream: false, on: server.accepted[0])
      _ = server.output()
      server.receive(Frame.windowUpdate(1, 1) + Frame.windowUpdate(0, 1))
    }
    #expect(server.failure == nil && server.frames.windowUpdates == 10_000)
  }
}
