import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Testing

@Suite struct `Tokens of callers` {
  @Test func `a new token is shown once, works, and is listed without its text`() async throws {
    let world = World()
    let made = try await world.make(.read, expiring: world.time.now + 10)
    let token = try #require(made.token)
    #expect(token.scopes == [.read])
    #expect(token.expireTime?.seconds == world.time.now + 10)
    let client = world.client(authorization: ["Bearer \(made.text)"])
    #expect(try await client.list("profiles/-").isEmpty)

    let listed = try await world.tokens("tenants/acme")
    #expect(listed == [token])
    #expect(!"\(made)".contains(made.text))
    // The store keeps a digest (T116): its text must not be found in what stands there.
    #expect(!world.store.holds(Array(made.text.utf8)))
  }

  @Test func `a revoked token is refused from the next call on`() async throws {
    let world = World()
    let made = try await world.make(.read, expiring: nil)
    let client = world.client(authorization: ["Bearer \(made.text)"])
    _ = try await client.list("profiles/-")
    try await world.revoke(made.token?.name ?? "")
    let error = try await error { () throws(RPCError) in try await client.list("profiles/-") }
    #expect(error.code == .unauthenticated)
    #expect(try await world.tokens("tenants/acme").isEmpty)
  }

  @Test func `revoking what is not there fails unless that is allowed`() async throws {
    let world = World()
    let name = try #require(try await world.make(.read, expiring: nil).token?.name)
    let other = name.replacing("tenants/acme/", with: "tenants/acme2/")
    for missing in [other, "tenants/acme/tokens/0011223344556677"] {
      let error = try await error { () throws(RPCError) in try await world.revoke(missing) }
      #expect(error.code == .notFound)
      #expect(error.reason == "TOKEN_NOT_FOUND")
      try await world.revoke(missing, allowMissing: true)
    }
    #expect(try await world.tokens("tenants/acme").map(\.name) == [name])
  }

  @Test func `no token can revoke itself`() async throws {
    let world = World()
    let error = try await error { () throws(RPCError) in
      try await world.revoke(try await world.adminName())
    }
    #expect(error.code == .failedPrecondition)
    #expect(error.reason == "TOKEN_REVOKES_ITSELF")
  }

  @Test(arguments: [
    "", "acme", "tenants/", "tenants/-/tokens/0011223344556677", "tenants/a/tokens/00",
    "tenants/a/tokens/00112233445566AA", "tenants/a/tokens/0011223344556677/",
    "tenants/ä/tokens/0011223344556677",
  ])
  func `a name must be one of a token`(_ name: String) async throws {
    let error = try await error { () throws(RPCError) in try await World().revoke(name) }
    #expect(error.details(of: BadRequest.self).first?.fieldViolations.map(\.field) == ["name"])
  }

  @Test func `what cannot be meant is refused, all of it at once`() async throws {
    let world = World()
    var request = CreateTokenRequest()
    request.scopes = [.read, Scope(rawValue: 77)]
    request.expireTime = Timestamp(seconds: world.time.now)
    let error = try await error { () throws(RPCError) in
      try await world.admin.createToken(request, options: try await world.adminOptions())
    }
    #expect(
      error.details(of: BadRequest.self).first?.fieldViolations.map(\.field) == [
        "parent", "scopes", "expire_time",
      ])
  }

  @Test func `pages hold every token once`() async throws {
    let world = World()
    var made: Set<String> = [try await world.adminName()]
    for _ in 0..<7 { made.insert(try await world.make(.sign, expiring: nil).token?.name ?? "") }
    var request = ListTokensRequest()
    (request.parent, request.pageSize) = ("tenants/-", 3)
    var found: [String] = []
    repeat {
      let page = try await world.admin.listTokens(request, options: try await world.adminOptions())
      #expect(page.tokens.count <= 3)
      found += page.tokens.map(\.name)
      request.pageToken = page.nextPageToken
    } while !request.pageToken.isEmpty && found.count < 100
    #expect(found.count == 8)
    #expect(Set(found) == made)
  }
}
