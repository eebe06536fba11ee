import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Synchronization
import Testing

/// T125: what X does not answer for one tenant's application costs nobody else anything.
@Suite struct `Pauses of X` {
  private func clients(_ world: World) async throws -> (a: Client, b: Client) {
    (try await world.client(tenant: "a"), try await world.client(tenant: "b"))
  }

  private func calls(_ world: World, _ endpoint: Endpoint) -> Int {
    world.x.withPlatform { $0.calls[endpoint] ?? 0 }
  }

  @Test func `X is asked once before the time that it has named, and for others meanwhile`()
    async throws
  {
    let world = World()
    let (a, b) = try await clients(world)
    let (mine, other) = (try await a.link().linked.name, try await b.link().linked.name)
    let before = calls(world, .requestToken)
    let fault = Fault(.error(try #require(XError.withCode(88)), .json))
    world.x.withPlatform { $0.fail(.requestToken, fault) }
    for _ in 0..<10 {
      let error = try await error { () throws(RPCError) in try await a.start() }
      #expect((error.code, error.reason) == (.resourceExhausted, "X_RATE_LIMITED"))
      #expect(error.details(of: RetryInfo.self).first?.retryDelay?.seconds == 900)
    }
    #expect(calls(world, .requestToken) == before + 1)
    // X counts each of its questions apart.
    #expect(try await a.check(mine).state == .active)
    _ = try await b.link("profiles/ben")
    #expect(try await b.check(other).state == .active)
    world.time.advance(by: 900)
    _ = try await a.start()
    #expect(try await a.check(mine).state == .active)
  }

  @Test func `one who gets no answer waits ever longer, and others do not`() async throws {
    let world = World()
    let (a, b) = try await clients(world)
    world.x.withPlatform { $0.fail(.requestToken, .hung, times: 5) }
    var asked = 0
    for pause in [5, 10, 20] {
      // At first after three failures, then after each.
      for _ in 0..<4 {
        let error = try await error { () throws(RPCError) in try await a.start() }
        #expect((error.code, error.reason) == (.unavailable, "PROVIDER_UNAVAILABLE"))
        if pause > 5 || calls(world, .requestToken) >= 3 { asked = calls(world, .requestToken) }
      }
      let error = try await error { () throws(RPCError) in try await a.start() }
      #expect(error.details(of: RetryInfo.self).first?.retryDelay?.seconds == Int64(pause))
      #expect(calls(world, .requestToken) == asked)
      world.time.advance(by: Int64(pause))
    }
    #expect(asked == 5)
    _ = try await a.start()
    _ = try await b.start()
  }

  @Test func `a daily check waits for the pause, and its day is not lost`() async throws {
    let world = World()
    let (a, b) = try await clients(world)
    let name = try await a.link().linked.name
    _ = try await b.link()
    world.time.toEndOfNextDay()
    world.time.advance(by: -2)
    let limited = Answer(
      429, type: "text/plain", "no",
      headers: [Header("x-rate-limit-reset", "\(world.time.now + 1)")])
    world.x.withPlatform { $0.fail(.verifyCredentials, Fault(.answer(limited))) }
    _ = try await error { () throws(RPCError) in try await a.check(name) }
    #expect(await world.upkeep.pass().accountsChecked == 1)
    #expect(try await b.list("profiles/-").first?.checkTime?.seconds == world.time.now)
    world.time.advance(by: 1)
    #expect(await world.upkeep.pass().accountsChecked == 1)
    #expect(try await a.get(name).checkTime?.seconds == world.time.now)
  }

  @Test func `a daily check that X refuses to count is made good the same day`() async throws {
    let world = World()
    let (a, _) = try await clients(world)
    let name = try await a.link().linked.name
    world.time.toEndOfNextDay()
    world.time.advance(by: -2)
    let limited = Answer(
      429, type: "text/plain", "no",
      headers: [Header("x-rate-limit-reset", "\(world.time.now + 1)")])
    world.x.withPlatform { $0.fail(.verifyCredentials, Fault(.answer(limited))) }
    #expect(await world.upkeep.pass().checksFailed == 1)
    world.time.advance(by: 1)
    _ = await world.upkeep.pass()
    #expect(try await a.get(name).checkTime?.seconds == world.time.now)
  }

  @Test(arguments: [(Fault.hung, 3), (Fault(.error(.table[0], .json)), 1)])
  func `a thousand tokens that cannot be ended keep nobody waiting`(_ fault: Fault, _ most: Int)
    async throws
  {
    let world = World()
    let (a, b) = try await clients(world)
    for index in 0..<1000 { _ = try await a.link("profiles/p\(index)") }
    let name = try await b.link().linked.name
    var request = DeleteTenantRequest()
    request.name = "tenants/a"
    _ = try await world.admin.deleteTenant(request, options: try await world.adminOptions())
    #expect(world.store.count(withPrefix: "revocation/") == 1000)
    let limited = Fault(.error(try #require(XError.withCode(88)), .json))
    world.x.withPlatform {
      $0.fail(.invalidateToken, fault == .hung ? fault : limited, times: 2000)
    }
    world.time.toEndOfNextDay()
    let report = await world.upkeep.pass()
    #expect(report.tokensPending == 1000)
    #expect(calls(world, .invalidateToken) == most)
    #expect(report.accountsChecked == 1)
    #expect(try await b.get(name).state == .active)
  }

  @Test func `a tenant has so many questions under way and no more`() async throws {
    let world = World()
    let (a, b) = try await clients(world)
    world.x.hold(true)
    try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<70 {
        group.addTask {
          do throws(RPCError) { _ = try await a.start() } catch { return error.reason }
          return nil
        }
      }
      for _ in 0..<6 { #expect(try await group.next() == "ASKED_TOO_OFTEN") }
      world.x.hold(false)
      for try await reason in group { #expect(reason == nil) }
    }
    _ = try await a.start()
    _ = try await b.start()
  }
}
