import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Testing

@Suite struct `What linkd does by itself` {
  private static let day: Int64 = 86_400

  @Test func `each account is asked about once a day, spread over the day`() async throws {
    let world = World()
    let client = try await world.client()
    for index in 0..<40 { _ = try await client.link("profiles/p\(index)") }
    world.time.set(to: 1_800_000_000 / Self.day * Self.day + Self.day)
    var perQuarter: [Int] = []
    for _ in 0..<2 {
      for _ in 0..<4 {
        world.time.advance(by: Self.day / 4)
        // The last second of the quarter; twice, for the second time finds nothing.
        world.time.advance(by: -1)
        perQuarter.append(await world.upkeep.pass().accountsChecked)
        #expect(await world.upkeep.pass().isEmpty)
        world.time.advance(by: 1)
      }
    }
    #expect(perQuarter[..<4].reduce(0, +) == 40)
    #expect(perQuarter[4...].reduce(0, +) == 40)
    #expect(perQuarter.allSatisfy { (2...25).contains($0) }, "\(perQuarter)")
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == 80)
    #expect(world.service.providerUsage.totals[.verifyCredentials] == 80)
  }

  @Test func `a revoked account is noticed, and not asked about again`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
    for _ in 0..<3 {
      world.time.toEndOfNextDay()
      _ = await world.upkeep.pass()
    }
    #expect(try await client.get(name).state == .revoked)
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == 1)
  }

  // T125
  @Test(arguments: [(88, 4), (130, 8)])
  func `an X that wants no questions gets few`(_ code: Int, _ most: Int) async throws {
    let world = World()
    let client = try await world.client()
    for index in 0..<40 { _ = try await client.link("profiles/p\(index)") }
    let fault = Fault(.error(try #require(XError.withCode(code)), .json))
    world.x.withPlatform { $0.fail(.verifyCredentials, fault, times: 1000) }
    world.time.toEndOfNextDay()
    let report = await world.upkeep.pass()
    #expect(report.accountsChecked <= most)
    #expect(report.checksFailed == report.accountsChecked)
    #expect(try await client.list("profiles/-").allSatisfy { $0.state == .active })
  }

  // T125
  @Test func `an account of which X would say nothing is not asked about again that day`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    _ = try await client.link()
    world.x.withPlatform { $0.fail(.verifyCredentials, .hung, times: 1000) }
    world.time.toEndOfNextDay()
    for _ in 0..<3 { _ = await world.upkeep.pass() }
    // Nor after a restart.
    _ = await World(after: world).upkeep.pass()
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == 1)
    world.time.toEndOfNextDay()
    _ = await world.upkeep.pass()
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == 2)
  }

  @Test func `an account that a caller has had checked today is left alone`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.time.toEndOfNextDay()
    _ = try await client.check(name)
    #expect(await world.upkeep.pass().accountsChecked == 0)
  }

  @Test func `a token that X would not end is ended later, ever more rarely`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.x.withPlatform { $0.fail(.invalidateToken, .hung, times: 6) }
    _ = try await client.unlink(name)
    // After a restart, too.
    let again = World(after: world)
    var waits: [Int] = []
    for minute in 1...120 {
      again.time.advance(by: 60)
      if await again.upkeep.pass().tokensEnded > 0 {
        waits.append(minute)
        break
      }
    }
    #expect(waits == [1 + 2 + 4 + 8 + 16 + 32])
    #expect(again.store.count(withPrefix: "revocation/") == 0)
    #expect(again.x.withPlatform { $0.calls[.invalidateToken] } == 7)
  }

  @Test func `a token that cannot be ended is given up after a week`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    let fault = Fault(.error(try #require(XError.withCode(32)), .json))
    world.x.withPlatform { $0.fail(.invalidateToken, fault, times: 1000) }
    _ = try await client.unlink(name)
    var givenUp = 0
    for _ in 0..<(8 * 24) {
      world.time.advance(by: 3600)
      givenUp += await world.upkeep.pass().tokensGivenUp
    }
    #expect(givenUp == 1)
    #expect(world.store.count(withPrefix: "revocation/") == 0)
    #expect(try #require(world.x.withPlatform { $0.calls[.invalidateToken] }) < 50)
  }

  @Test func `a token that is in use again is not ended`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    let fault = Fault(.error(try #require(XError.withCode(130)), .json))
    world.x.withPlatform { $0.fail(.invalidateToken, fault) }
    _ = try await client.unlink(name)
    let again = try await client.link().linked.name
    world.time.advance(by: 3600)
    _ = await world.upkeep.pass()
    #expect(world.store.count(withPrefix: "revocation/") == 0)
    #expect(try await client.check(again).state == .active)
  }

  @Test func `nothing is left of links that have come to their end`() async throws {
    let world = World()
    let client = try await world.client()
    var request = StartLinkRequest.good
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    _ = try await client.start(request)
    _ = try await client.link()
    #expect(await world.upkeep.pass().recordsPurged == 0)
    world.time.advance(by: 600)
    #expect(await world.upkeep.pass().recordsPurged == 2)
    #expect(world.store.count(withPrefix: "start/") == 0)
    // Kept for a repeat of its completion.
    #expect(world.store.count(withPrefix: "link/") == 1)
    world.time.advance(by: Self.day)
    _ = await world.upkeep.pass()
    #expect(world.store.count(withPrefix: "link/") == 0)
  }

  @Test func `what has expired is gone from the disk half a day later, and after a start`() async {
    let world = World()
    var (report, last) = (await world.upkeep.pass(), nil as Timestamp?)
    func erasures(after seconds: Int64) async -> Int {
      world.time.advance(by: seconds)
      let before = world.store.erasures
      await world.upkeep.erase(&report, last: &last)
      return world.store.erasures - before
    }
    #expect(await erasures(after: 0) == 1)
    #expect(await erasures(after: 43_199) == 0)
    // A failure is made good by the next pass.
    world.store.fail(.noSpace)
    #expect(await erasures(after: 1) == 0)
    #expect(report.storeFailures == 1)
    world.store.fail(nil)
    #expect(await erasures(after: 60) == 1)
    #expect(await erasures(after: 60) == 0)
    // A clock that is put back puts nothing off.
    #expect(await erasures(after: -Self.day) == 1)
  }

  @Test func `a link whose process died at X is given up, and says so`() async throws {
    let world = World()
    let client = try await world.client()
    var request = client.approve(try await client.start())
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    world.store.die(after: 1)
    _ = try await error { () throws(RPCError) in try await client.complete(request) }
    world.store.die(after: nil)
    let again = World(after: world)
    again.time.advance(by: 1200)
    #expect(await again.upkeep.pass().recordsPurged == 1)
    #expect(await again.upkeep.pass().isEmpty)
    let retry = try await again.client()
    let error = try await error { () throws(RPCError) in try await retry.complete(request) }
    #expect(error.reason == "LINK_OUTCOME_UNKNOWN")
    again.time.advance(by: Self.day)
    _ = await again.upkeep.pass()
    #expect(again.store.count(withPrefix: "link/") == 0)
  }
}

extension TestTime {
  /// To the last second of the day after this one, when every account's time has come.
  func toEndOfNextDay() { set(to: (now / 86_400 + 2) * 86_400 - 1) }
}
