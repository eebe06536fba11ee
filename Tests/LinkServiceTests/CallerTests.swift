import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Testing

@Suite struct `Who may call` {
  @Test(arguments: [
    [], ["Bearer"], ["Bearer "], ["Bearer linkd_00_00_00"], ["Basic bGluazpk"],
    ["Bearer linkd_0011223344556677_\(String(repeating: "ab", count: 32))_00000000"],
  ])
  func `without a good token nobody gets in`(_ authorization: [String]) async throws {
    let client = World().client(authorization: authorization)
    let error = try await error { () throws(RPCError) in try await client.list("profiles/-") }
    #expect(error.code == .unauthenticated)
    #expect(error.reason == "UNAUTHENTICATED")
  }

  @Test func `a token is good to the letter, and only alone`() async throws {
    let world = World()
    let token = try await TokenIssuer(store: world.store, clock: world.time.clock)
      .issue(tenant: "acme", scopes: [.read]).text
    _ = try await world.client(authorization: ["bearer \(token)"]).list("profiles/-")
    for bad in [
      ["Bearer \(token) "], ["Bearer  \(token)"], ["Bearer \(token.uppercased())"],
      ["Bearer \(token.dropLast())"], ["Bearer \(token)", "Bearer \(token)"],
    ] {
      let client = world.client(authorization: bad)
      let error = try await error { () throws(RPCError) in try await client.list("profiles/-") }
      #expect(error.code == .unauthenticated, "\(bad)")
    }
  }

  @Test func `a token with the id of a good one and another secret is none`() async throws {
    let world = World()
    let text = try await world.issue([.read])
    _ = try await world.client(authorization: ["Bearer \(text)"]).list("profiles/-")
    let id = text.split(separator: "_")[1]
    let body = "linkd_\(id)_\(Hexadecimal.random(64))"
    let forged = "\(body)_\(Hexadecimal.checksum(body))"
    #expect(forged.utf8.count == text.utf8.count)
    let client = world.client(authorization: ["Bearer \(forged)"])
    let error = try await error { () throws(RPCError) in try await client.list("profiles/-") }
    #expect(error.code == .unauthenticated)
  }

  @Test func `a token without the method's scope is refused before anything is looked at`()
    async throws
  {
    let world = World()
    let client = try await world.client(scopes: [.read, .sign])
    let error = try await error { () throws(RPCError) in
      try await client.start(StartLinkRequest())
    }
    #expect(error.code == .permissionDenied)
    #expect(error.reason == "SCOPE_MISSING")
    #expect(error.details(of: ErrorInfo.self).first?.metadata["scope"] == "link")
  }

  @Test func `nothing of one tenant is seen by another`() async throws {
    let world = World()
    let ann = try await world.client(tenant: "acme").link().linked
    #expect(try await world.client(tenant: "acme2").list("profiles/-").isEmpty)
    #expect(try await world.client(tenant: "acm").list("profiles/ann").isEmpty)
    #expect(try await world.client(tenant: "acme").list("profiles/-") == [ann])
  }
}

@Suite struct `Requests that cannot be meant` {
  @Test(arguments: [
    "", "ann", "profiles/", "profiles/-", "profiles/a/b", "profiles/ä", "profiles/a b",
    "profiles/" + String(repeating: "a", count: 129),
  ])
  func `a parent must name a profile`(_ parent: String) async throws {
    let client = try await World().client()
    var request = StartLinkRequest.good
    request.parent = parent
    #expect(try await violations(client, request) == ["parent"])
  }

  @Test func `all mistakes are told at once`() async throws {
    let client = try await World().client()
    let fields = try await violations(client, StartLinkRequest())
    #expect(
      fields == [
        "parent", "provider", "keys.consumer_key", "keys.consumer_secret", "return_method",
      ])
  }

  @Test(arguments: [
    "http://", "https:///path", "ftp://a.example", "a.example/callback", "https://a.example/#x",
    "https://a.example/ x", "https://x.com@evil.example/", "https://ä.example/",
    "https://a.example/" + String(repeating: "a", count: 2048), "https://a.example/\r\nHost: b",
    "http://a.example/", "http://127.0.0.1.a.example/", "http://localhost.a.example/",
    "http://127.0.0.2/", "http://127.0.0.1:@a.example/", "http://[::1]a.example/",
    "HTTP://localhost/",
  ])
  func `a callback is an absolute URL of the web`(_ url: String) async throws {
    let client = try await World().client()
    var request = StartLinkRequest.good
    request.returnMethod = .callbackURL(url)
    #expect(try await violations(client, request) == ["callback_url"])
  }

  @Test(arguments: [
    "https://a.example", "https://a.example:444/b?c=d", "http://127.0.0.1/",
    "http://127.0.0.1:8765",
    "http://[::1]:80/a", "http://localhost?a", "http://localhost:3000/callback",
  ])
  func `without TLS a callback is this machine's`(_ url: String) async throws {
    let client = try await World().client()
    var request = StartLinkRequest.good
    request.returnMethod = .callbackURL(url)
    let error = try await error { [request] () throws(RPCError) in try await client.start(request) }
    // X was asked, which does not know it.
    #expect(error.reason == "X_CALLBACK_NOT_APPROVED")
  }

  @Test(arguments: [
    "x", "5b8c1d9e6f3a4a649d7e0c7f0a3b2e11", "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e1g",
  ])
  func `a request_id is a UUID`(_ id: String) async throws {
    let client = try await World().client()
    var request = StartLinkRequest.good
    request.requestID = id
    #expect(try await violations(client, request) == ["request_id"])
  }

  private func violations(
    _ client: Client, _ request: StartLinkRequest
  ) async throws -> [String] {
    let error = try await error { () throws(RPCError) in try await client.start(request) }
    #expect(error.code == .invalidArgument)
    return error.details(of: BadRequest.self).flatMap(\.fieldViolations).map(\.field)
  }
}

@Suite struct `Pages of accounts` {
  private func world() async throws -> Client {
    let client = try await World().client()
    for profile in ["ann", "ann-b", "ben", "cid"] {
      for user in ["alice", "bob"] { _ = try await client.link("profiles/\(profile)", as: user) }
    }
    return client
  }

  @Test(arguments: [1, 2, 3, 7, 8, 9])
  func `pages of any size hold every account once, ordered by name`(_ size: Int32) async throws {
    let client = try await world()
    let all = try await client.list("profiles/-")
    #expect(all.count == 8)
    #expect(all.map { Array($0.name.utf8) }.isSortedByBytes)
    var paged: [Account] = []
    var request = ListAccountsRequest()
    request.parent = "profiles/-"
    request.pageSize = size
    repeat {
      let response = try await client.list(request)
      #expect(response.accounts.count <= size)
      paged += response.accounts
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty && paged.count <= all.count
    #expect(paged == all)
  }

  @Test func `a profile's page holds no other profile's accounts`() async throws {
    let client = try await world()
    let names = try await client.list("profiles/ann").map(\.name)
    #expect(names.count == 2)
    #expect(names.allSatisfy { $0.hasPrefix("profiles/ann/") })
  }

  @Test func `a page token is good for its own question only`() async throws {
    let client = try await world()
    var request = ListAccountsRequest()
    request.parent = "profiles/-"
    request.pageSize = 3
    request.pageToken = try await client.list(request).nextPageToken
    request.pageSize = 4
    #expect(try await client.list(request).accounts.count == 4)
    for change: (inout ListAccountsRequest) -> Void in [
      { $0.parent = "profiles/ann" }, { $0.states = [.active] }, { $0.pageToken += "00" },
      { $0.pageToken = "zz" },
    ] {
      var other = request
      change(&other)
      let error = try await error { () throws(RPCError) in try await client.list(other) }
      #expect(error.code == .invalidArgument)
    }
  }

  @Test func `a filter leaves out other states`() async throws {
    let client = try await world()
    var request = ListAccountsRequest()
    request.parent = "profiles/ann"
    request.states = [.revoked]
    #expect(try await client.list(request).accounts.isEmpty)
    request.states = [.revoked, .active]
    #expect(try await client.list(request).accounts.count == 2)
  }
}

extension [[UInt8]] {
  fileprivate var isSortedByBytes: Bool {
    zip(self, dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) }
  }
}
