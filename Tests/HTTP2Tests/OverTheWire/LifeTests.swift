import Foundation
import HTTP2
import Linux
import Net
import ScriptedPeer
import Synchronization
import Testing

/// How the connections of a server live and end: T33 to T36, with shorter waits.
struct LifeTests {
  private static let opening = Frame.preface + Frame.settings([], flags: Frame.acknowledgement)
  private static let short = Duration.milliseconds(50)

  /// Answers PINGs until `isWanted` is among the frames, or the server has closed.
  private static func live(_ wire: Wire, until isWanted: (ReceivedFrame) -> Bool) {
    var answered = 0
    while !wire.hasEnded, !wire.frames.contains(where: isWanted) {
      wire.read { [count = wire.frames.count] _ in wire.frames.count > count }
      let pings = wire.frames.filter { $0.type == 6 && $0.flags == 0 }
      for ping in pings.dropFirst(answered) { wire.write(Frame.ping(ping.payload, flags: 1)) }
      answered = pings.count
    }
  }

  @Test(arguments: [true, false])
  func `T36: a peer that does not answer a PING has vanished`(_ isDefended: Bool) async throws {
    var limits = NetLimits()
    limits.keepaliveInterval = isDefended ? Self.short : nil
    limits.timeToAnswerKeepalive = Self.short
    let reasons = try await WireServer.with(limits: limits) { server in
      let wire = try Wire(port: server.port)
      // A call that waits for the rest of its request.
      wire.write(Self.opening + Frame.headers(1, Fields.upload, end: false))
      if isDefended { return wire.readToEnd() }
      _ = poll(nil, 0, 300)
      wire.synchronize(Array("alive???".utf8))
      #expect(!wire.hasEnded)
    }
    #expect(reasons == (isDefended ? ["vanished"] : []))
  }

  @Test func `T36: a peer that answers each PING stays`() async throws {
    var limits = NetLimits()
    (limits.keepaliveInterval, limits.timeToAnswerKeepalive) = (Self.short, .seconds(30))
    let reasons = try await WireServer.with(limits: limits) { server in
      let wire = try Wire(port: server.port)
      wire.write(Self.opening + Frame.headers(1, Fields.upload, end: false))
      Self.live(wire) { _ in wire.frames.filter { $0.type == 6 }.count == 5 }
      wire.write(Frame.data(1, [1], end: true))
      #expect(wire.read { $0.type == 0 && $0.payload == AnsweringServer.body })
    }
    #expect(reasons.isEmpty)
  }

  @Test func `T35: a connection that is too old is asked to go, and its calls get their grace`()
    async throws
  {
    var limits = NetLimits()
    (limits.maximumAge, limits.graceAtMaximumAge) = (Self.short, .milliseconds(100))
    let reasons = try await WireServer.with(limits: limits) { server in
      let wire = try Wire(port: server.port)
      wire.write(Self.opening + Frame.headers(1, Fields.upload, end: false))
      Self.live(wire) { $0.type == 7 && $0.payload.prefix(4) == [0, 0, 0, 1] }
      // The call under way is taken to its end, a new one is not begun.
      wire.write(Frame.headers(3) + Frame.data(1, [1], end: true))
      wire.readToEnd()
      #expect(wire.frames.filter { $0.type == 7 }.map(\.code) == [.noError, .noError])
      #expect(wire.frames.filter { $0.type == 0 }.map(\.stream) == [1])

      let second = try Wire(port: server.port)
      second.write(Self.opening + Frame.headers(1, Fields.upload, end: false))
      Self.live(second) { _ in false }
      #expect(!second.frames.contains { $0.type == 0 })
    }
    #expect(reasons.isEmpty)
  }

  @Test func `T34: a peer that leaves the PING of a shutdown unanswered holds nothing up`()
    async throws
  {
    var limits = NetLimits()
    limits.timeToAcknowledgeShutdown = Self.short
    let server = try await WireServer(limits: limits)
    let end = Mutex<Task<Void, Never>?>(nil)
    try await onThread {
      let wire = try Wire(port: server.port)
      wire.write(Self.opening + Frame.headers(1))
      wire.synchronize(Array("accepted".utf8))
      end.withLock { $0 = Task { await server.shutDown(grace: .seconds(3600)) } }
      wire.readToEnd()
      #expect(wire.frames.filter { $0.type == 7 }.map(\.code) == [.noError, .noError])
    }.get()
    await end.withLock(\.self)?.value
  }

  @Test(arguments: [2, nil])
  func `T33: one address may have so many connections`(_ limit: Int?) async throws {
    var limits = NetLimits()
    limits.connectionsPerAddress = limit
    let reasons = try await WireServer.with(limits: limits) { server in
      let wires = try (0..<3).map { _ in try Wire(port: server.port) }
      for wire in wires { wire.write(Self.opening + Frame.headers(1)) }
      let served = wires.filter { $0.read { $0.type == 0 } }
      #expect(served.count == (limit ?? 3))
    }
    #expect(reasons == (limit == nil ? [] : ["too_many_connections_from_address"]))
  }

  @Test(arguments: [16, .max])
  func `so many requests are taken from one connection in one turn`(_ limit: Int) async throws {
    var limits = NetLimits()
    limits.requestsPerTurn = limit
    let acceptor = TurnAcceptor()
    let server = try await WireServer(limits: limits, acceptor: acceptor)
    try await onThread {
      let wire = try Wire(port: server.port)
      wire.write(Self.opening)
      wire.synchronize(Array("settings".utf8))
      let streams = (0..<UInt32(100)).map { 2 * $0 + 1 }
      wire.write(
        streams.flatMap {
          Frame.headers($0, Fields.upload, end: false) + Frame.data($0, [1], end: true)
        })
      wire.read { _ in wire.frames.filter { $0.type == 0 && $0.flags == 1 }.count == 100 }
      #expect(Set(wire.frames.filter { $0.type == 0 }.map(\.stream)) == Set(streams))
      // What follows them is not forgotten.
      wire.synchronize(Array("the end.".utf8))
      #expect(!wire.hasEnded)
    }.get()
    let most = acceptor.accepted.withLock {
      Dictionary(grouping: $0, by: \.self).values.map(\.count).max()
    }
    #expect(limit == 16 ? most ?? 100 <= 16 : most == 100)
    await server.shutDown(grace: .zero)
  }

  /// Answers, and notes the turn of each request.
  private final class TurnAcceptor: StreamAcceptor {
    let accepted = Mutex<[Int64]>([])

    func accept(_ stream: Net.Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler {
      let turn = stream.connection.loop.now.nanoseconds
      accepted.withLock { $0.append(turn) }
      return HelloAcceptor().accept(stream, headers: headers, endStream: endStream)
    }
  }
}
