import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Testing

@Suite struct `Deleting a tenant` {
  /// Something of everything that a tenant can have; what calls for it.
  private func furnish(_ world: World, _ tenant: String) async throws -> Client {
    let client = try await world.client(tenant: tenant, scopes: [.read, .link, .sign])
    for name in ["keySets/main", "profiles/ann/keySets/own"] { _ = try await client.put(name) }
    _ = try await client.link(as: "alice")
    _ = try await client.linkCode("profiles/ben", as: "bob")
    var request = StartLinkRequest.good
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    _ = try await client.start(request)
    return client
  }

  private func delete(
    _ world: World, _ tenant: String, allowMissing: Bool = false
  ) async throws(RPCError) -> Int64 {
    var request = DeleteTenantRequest()
    (request.name, request.allowMissing) = ("tenants/\(tenant)", allowMissing)
    let options = try await world.adminOptions()
    return try await world.admin.deleteTenant(request, options: options).accounts
  }

  // T126
  @Test func `leaves nothing of it, and all of the others`() async throws {
    let world = World()
    let gone = try await furnish(world, "shop")
    let kept = try await furnish(world, "acme")
    let accounts = try await kept.list("profiles/-").map(\.name)
    #expect(try await delete(world, "shop") == 2)
    #expect(
      try await error { () throws(RPCError) in try await gone.list("profiles/-") }.code
        == .unauthenticated)
    // All that is left is what has to be ended at X.
    #expect(world.store.count(holding: Array("shop".utf8)) == 2)
    #expect(world.store.count(withPrefix: "revocation/shop/") == 2)
    world.time.advance(by: 60)
    _ = await world.upkeep.pass()
    #expect(world.store.count(holding: Array("shop".utf8)) == 0)
    #expect(world.x.withPlatform { ($0.calls[.invalidateToken], $0.calls[.codeRevoke]) } == (1, 1))
    #expect(try await kept.list("profiles/-").map(\.name) == accounts)
    #expect(try await kept.keySets("").count == 1)
    #expect(world.trail.events.contains { $0.action == .deleteTenant })
  }

  @Test func `that is not there fails unless that is allowed, and one's own is not deleted`()
    async throws
  {
    let world = World()
    let error = try await refusal(world, "nobody")
    #expect((error.code, error.reason) == (.notFound, "TENANT_NOT_FOUND"))
    #expect(try await delete(world, "nobody", allowMissing: true) == 0)
    let own = try await refusal(world, "ops")
    #expect((own.code, own.reason) == (.failedPrecondition, "TOKEN_REVOKES_ITSELF"))
    #expect(try await refusal(world, "a/b").code == .invalidArgument)
  }

  private func refusal(_ world: World, _ tenant: String) async throws -> RPCError {
    try await error { () throws(RPCError) in try await delete(world, tenant) }
  }

  @Test(arguments: 0..<12)
  func `is gone on with where a process has died`(_ commits: Int) async throws {
    let world = World()
    _ = try await furnish(world, "shop")
    _ = try await world.adminOptions()
    world.store.die(after: commits)
    _ = try? await delete(world, "shop")
    world.store.die(after: nil)
    let again = World(after: world)
    _ = try await delete(again, "shop", allowMissing: true)
    again.time.advance(by: 60)
    _ = await again.upkeep.pass()
    #expect(again.store.count(holding: Array("shop".utf8)) == 0)
    #expect(
      again.x.withPlatform { $0.revoke(screenName: "alice") + $0.revoke(screenName: "bob") } == 0)
  }

  @Test func `takes as many pages as it needs`() async throws {
    let world = World()
    let client = try await world.client(tenant: "shop")
    for index in 0..<300 { _ = try await client.link("profiles/p\(index)") }
    #expect(try await delete(world, "shop") == 300)
    #expect(world.store.count(withPrefix: "account/") == 0)
    #expect(world.store.count(withPrefix: "event/") == 0)
  }

  @Test(.timeLimit(.minutes(1)))
  func `ends its streams, and a link that is being completed`() async throws {
    let world = World()
    let client = try await world.client(tenant: "shop")
    let watcher = Watcher()
    await watcher.begin(client, "profiles/-")
    _ = await watcher.first(1)
    let request = client.approve(try await client.start())
    world.x.onNextRequest { _ = try? await delete(world, "shop") }
    let error = try await error { () throws(RPCError) in
      try await client.complete(request)
    }
    #expect(error.reason == "LINK_OUTCOME_UNKNOWN")
    #expect(await watcher.failure()?.code == .unauthenticated)
    #expect(world.store.count(withPrefix: "account/") == 0)
  }
}
