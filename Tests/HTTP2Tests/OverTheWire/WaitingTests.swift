import Foundation
import HTTP2
import Linux
import Net
import ScriptedPeer
import Testing

/// Peers that keep a server waiting: T10, T11, T20, T22 and T33, with shorter waits.
struct WaitingTests {
  private static let opening = Frame.preface + Frame.settings([], flags: Frame.acknowledgement)
  private static let short = Duration.milliseconds(50)

  @Test(arguments: [[], Array(Frame.preface.prefix(20))])
  func `T22: who does not say that it speaks HTTP2 is sent away`(_ bytes: [UInt8]) async throws {
    var limits = NetLimits()
    limits.timeToEstablish = Self.short
    let reasons = try await WireServer.with(limits: limits) { server in
      let wire = try Wire(port: server.port)
      wire.write(bytes)
      wire.readToEnd()
      #expect(wire.frames.last?.code == .settingsTimeout)
    }
    #expect(reasons == ["slow_to_establish"])
  }

  @Test func `who does not acknowledge our settings is sent away`() async throws {
    var limits = NetLimits()
    limits.timeToAcknowledgeSettings = Self.short
    let reasons = try await WireServer.with(limits: limits) { server in
      let wire = try Wire(port: server.port)
      wire.write(Frame.preface + Frame.headers(1))
      wire.readToEnd()
      #expect(wire.frames.last?.code == .settingsTimeout)
    }
    #expect(reasons == ["settings_not_acknowledged"])
  }

  @Test(arguments: [
    Frame.headers(1, Fields.request, flags: 0), Array(Frame.headers(1).dropLast(3)),
    Frame.headers(1, Fields.get, flags: 0) + Frame.continuation(1, Fields.http, flags: 0),
  ])
  func `T10: a header block has to end`(_ bytes: [UInt8]) async throws {
    var limits = NetLimits()
    limits.timeToFinishHeaders = Self.short
    let reasons = try await WireServer.with(limits: limits) { server in
      let wire = try Wire(port: server.port)
      wire.write(Self.opening + bytes)
      wire.readToEnd()
      #expect(wire.frames.last?.code == .enhanceYourCalm)
    }
    #expect(reasons == ["slow_headers"])
  }

  @Test func `a connection that nobody uses is sent away in peace`() async throws {
    var limits = NetLimits()
    limits.idleTime = Self.short
    let reasons = try await WireServer.with(limits: limits) { server in
      let wire = try Wire(port: server.port)
      wire.write(Self.opening + Frame.headers(1))
      wire.read { $0.type == 6 }
      wire.write(Frame.ping(wire.frames.last { $0.type == 6 }?.payload ?? [], flags: 1))
      wire.readToEnd()
      let goAways = wire.frames.filter { $0.type == 7 }
      #expect(goAways.map(\.code) == [.noError, .noError])
      #expect(wire.frames.contains { $0.type == 0 && $0.payload == AnsweringServer.body })
    }
    #expect(reasons.isEmpty)
  }

  private static var impatient: NetLimits {
    var limits = NetLimits()
    (limits.stallPeriod, limits.stallPeriods) = (.milliseconds(30), 3)
    return limits
  }

  @Test func `T20: a peer that opens its windows and does not read is closed`() async throws {
    let answer = [UInt8](repeating: 1, count: 16 << 20)
    let reasons = try await WireServer.with(limits: Self.impatient, answer: answer) { server in
      let wire = try Wire(port: server.port)
      wire.write(
        Frame.preface + Frame.settings([(4, 0x7FFF_FFFF)], flags: 0)
          + Frame.settings([], flags: Frame.acknowledgement)
          + Frame.windowUpdate(0, 0x7FFF_0000) + Frame.headers(1))
      while server.reasons.isEmpty { sched_yield() }
      // It gets what the kernel had taken, and then the end.
      wire.readToEnd()
      #expect(wire.received.count < answer.count)
    }
    #expect(reasons == ["slow_reader"])
  }

  @Test(arguments: [0, 1])
  func `T11: a stream whose window hardly opens is reset, and the others go on`(
    _ drip: UInt32
  ) async throws {
    let reasons = try await WireServer.with(limits: Self.impatient) { server in
      let wire = try Wire(port: server.port)
      wire.write(Self.opening + Frame.settings([(4, 0)]) + Frame.headers(1))
      if drip > 0 { wire.write(Frame.windowUpdate(1, drip)) }
      wire.read { $0.type == 3 && $0.stream == 1 }
      #expect(wire.frames.last { $0.type == 3 }?.code == .cancel)
      #expect(wire.frames.filter { $0.type == 0 }.flatMap(\.payload).count == Int(drip))
      wire.write(Frame.settings([(4, 65_535)]) + Frame.headers(3))
      #expect(wire.read { $0.type == 0 && $0.stream == 3 && $0.payload == AnsweringServer.body })
    }
    #expect(reasons.isEmpty)
  }

  @Test func `T33: one connection too many is closed, and takes nobody's place`() async throws {
    var limits = NetLimits()
    limits.connections = 2
    let reasons = try await WireServer.with(limits: limits) { server in
      func isServed(_ wire: Wire) -> Bool {
        wire.write(Self.opening + Frame.headers(1))
        return wire.read { $0.type == 0 }
      }
      let first = try Wire(port: server.port)
      #expect(isServed(first))
      try withExtendedLifetime(Wire(port: server.port)) { second in
        #expect(isServed(second))
        let third = try Wire(port: server.port)
        third.readToEnd()
        #expect(third.received.isEmpty)
        #expect(server.reasons == ["too_many_connections"])
      }
      // The place of the second is free as soon as the server has noticed.
      while true {
        let fourth = try Wire(port: server.port)
        if isServed(fourth) { break }
      }
      first.synchronize(Array("alive???".utf8))
      #expect(!first.hasEnded)
    }
    #expect(Set(reasons) == ["too_many_connections"])
  }
}
