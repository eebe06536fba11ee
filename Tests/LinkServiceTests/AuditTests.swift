import LinkAPI
import LinkService
import RPC
import Testing

@Suite struct `What is written down` {
  private let trail = TestTrail()

  private func world() -> World {
    World(interceptors: [CallAudit(trail: trail, clock: TestTime().clock)])
  }

  @Test func `a call's end has its code and reason, and the call's own number`() async throws {
    let world = world()
    let client = try await world.client()
    _ = try await client.start()
    _ = try await error { () throws(RPCError) in try await client.unlink("profiles/a/accounts/b") }
    #expect(trail.events.map(\.action) == [.endCall, .endCall])
    #expect(trail.events.map(\.detail) == ["OK", "NOT_FOUND ACCOUNT_NOT_FOUND"])
    #expect(
      trail.events.map(\.resource) == [
        LinkServiceMethods.startLink.path, LinkServiceMethods.unlinkAccount.path,
      ])
    // The service's own lines, written before anything was done, are of the same calls.
    #expect(world.trail.events.map(\.call) == trail.events.map(\.call))
    #expect(Set(trail.events.map(\.call)).count == 2)
    #expect(trail.events.allSatisfy { $0.tenant == "acme" && $0.token.utf8.count == 16 })
  }

  @Test func `what only reads is not written down`() async throws {
    _ = try await world().client().list("profiles/-")
    #expect(trail.events.isEmpty)
  }

  @Test func `who administers is written down, also for reading`() async throws {
    let world = world()
    let token = try #require(try await world.make(.read, expiring: nil).token)
    try await world.revoke(token.name)
    _ = try await world.tokens("tenants/-")
    #expect(world.trail.events.map(\.action) == [.createToken, .revokeToken])
    #expect(world.trail.events.map(\.resource) == ["tenants/acme", token.name])
    #expect(trail.events.last?.resource == AdminServiceMethods.listTokens.path)
  }

  @Test func `a call without its scope is written down, and one without a token is not`()
    async throws
  {
    let world = world()
    let client = try await world.client(scopes: [.read])
    _ = try await error { () throws(RPCError) in try await client.start() }
    _ = try await error { () throws(RPCError) in
      try await world.client(authorization: []).start()
    }
    #expect(world.trail.events.map(\.action) == [.refuseCall])
    #expect(world.trail.events.first?.resource == LinkServiceMethods.startLink.path)
  }

  @Test func `calls without their scope are written down up to an allowance`() async throws {
    let world = world()
    let client = try await world.client(scopes: [.read])
    var reasons: [String] = []
    for _ in 0..<300 {
      reasons.append(try await error { () throws(RPCError) in try await client.start() }.reason)
    }
    #expect(reasons.first == "SCOPE_MISSING")
    #expect(reasons.last == "ASKED_TOO_OFTEN")
    #expect((20..<60).contains(world.trail.events.count))
    // Another tenant's are, and what the token allows is done.
    let other = try await world.client(tenant: "other", scopes: [.read])
    _ = try await error { () throws(RPCError) in try await other.start() }
    #expect(world.trail.events.last?.tenant == "other")
    #expect(try await client.list("profiles/-").isEmpty)
  }

  @Test func `what cannot be written down is not done`() async throws {
    let world = world()
    let token = try #require(try await world.make(.read, expiring: nil).token)
    world.trail.refuse()
    let error = try await error { () throws(RPCError) in try await world.revoke(token.name) }
    #expect(error.code == .internal)
    #expect(try await world.tokens("tenants/acme") == [token])
  }
}
