import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Testing

@Suite struct `Linking an account` {
  @Test func `a link that the user approves becomes an account`() async throws {
    let world = World()
    let client = try await world.client()
    let response = try await client.link(as: "alice")
    #expect(response.linked.screenName == "alice")
    #expect(response.linked.name.hasPrefix("profiles/ann/accounts/"))
    #expect(response.linked.state == .active)
    #expect(response.linked.linkTime == Timestamp(seconds: world.time.now))
    #expect(!response.relinked)
    #expect(try await client.list("profiles/ann") == [response.linked])
  }

  @Test func `a restart between start and completion loses nothing`() async throws {
    let world = World()
    let client = try await world.client()
    let completion = client.approve(try await client.start())
    let again = try await World(after: world).client()
    _ = try await again.complete(completion)
    #expect(try await again.list("profiles/-").count == 1)
  }

  @Test func `the same user of X is one account of a profile and another one of another`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    let first = try await client.link("profiles/ann", as: "alice")
    world.time.advance(by: 60)
    let again = try await client.link("profiles/ann", as: "alice")
    let other = try await client.link("profiles/ben", as: "alice")
    #expect(again.relinked)
    #expect(again.linked.name == first.linked.name)
    #expect(again.linked.createTime == first.linked.createTime)
    #expect(again.linked.linkTime == Timestamp(seconds: world.time.now))
    #expect(!other.relinked)
    #expect(other.linked.name.hasPrefix("profiles/ben/accounts/"))
    #expect(try await client.list("profiles/-").count == 2)
  }

  @Test func `a user who says no ends the link`() async throws {
    let world = World()
    let client = try await world.client()
    let started = try await client.start()
    let answer = world.x.visit(started.authorizeURL + "&auto=deny&user=alice")
    var request = client.approve(started)
    var denial = Denial()
    denial.denied = client.value(
      of: "denied", in: answer.headers.first(named: "Location") ?? "")
    request.outcome = .denial(denial)
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    for _ in 0..<2 {
      let error = try await error { () throws(RPCError) in try await client.complete(request) }
      #expect(error.code == .failedPrecondition)
      #expect(error.reason == "USER_DENIED")
      #expect(error.actor == "END_USER")
    }
    #expect(try await client.list("profiles/-").isEmpty)
  }

  @Test func `a PIN finishes a link without a callback`() async throws {
    let world = World()
    let client = try await world.client()
    var request = StartLinkRequest.good
    request.returnMethod = .pin(PinEntry())
    let started = try await client.start(request)
    let page = world.x.visit(started.authorizeURL + "&auto=approve&user=alice")
    let text = String(decoding: page.body, as: UTF8.self)
    let pin = text.split(whereSeparator: { !$0.isNumber }).first { $0.count == 7 }
    var completion = CompleteLinkRequest()
    completion.parent = "profiles/ann"
    completion.linkSecret = started.linkSecret
    completion.outcome = .pin("0000000")
    let wrong = try await error { () throws(RPCError) in try await client.complete(completion) }
    #expect(wrong.reason == "X_REFUSED")
    completion.outcome = .pin(pin.map { String($0) } ?? "")
    #expect(try await client.complete(completion).linked.screenName == "alice")
  }

  @Test func `a repeated start with one request_id is one link`() async throws {
    let world = World()
    let client = try await world.client()
    var request = StartLinkRequest.good
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    let first = try await client.start(request)
    #expect(try await client.start(request) == first)
    request.forceLogin = true
    let error = try await error { () throws(RPCError) in try await client.start(request) }
    #expect(error.code == .invalidArgument)
    #expect(error.reason == "REQUEST_ID_REUSED")
    // In another tenant it is another request.
    #expect(try await world.client(tenant: "other").start(request) != first)
  }
}

@Suite struct `Proofs of a completion` {
  /// What an attacker, or a mistaken caller, can get wrong.
  enum Wrong: String, CaseIterable {
    case tenant, profile, secret, requestToken, pinInsteadOfCallback, expired, used
  }

  @Test(arguments: Wrong.allCases)
  func `whatever is wrong, the answer is the same and X is not asked`(_ wrong: Wrong)
    async throws
  {
    let world = World()
    var client = try await world.client()
    let started = try await client.start()
    var request = client.approve(started)
    switch wrong {
    case .tenant: client = try await world.client(tenant: "other")
    case .profile: request.parent = "profiles/mallory"
    case .secret: request.linkSecret = String(request.linkSecret.reversed())
    case .requestToken:
      var grant = try #require(request.grant)
      grant.oauthToken += "x"
      request.outcome = .grant(grant)
    case .pinInsteadOfCallback:
      request.outcome = .pin(request.grant?.oauthVerifier ?? "")
    case .expired: world.time.advance(by: 600)
    case .used: _ = try await client.complete(request)
    }
    let calls = world.x.withPlatform { $0.calls[.accessToken] ?? 0 }
    let error = try await error { () throws(RPCError) in try await client.complete(request) }
    #expect(error.code == .notFound)
    #expect(error.reason == "LINK_NOT_FOUND")
    #expect(
      error.message
        == "no live link matches this request; it may have expired or ended: start a new one")
    #expect(world.x.withPlatform { $0.calls[.accessToken] ?? 0 } == calls)
  }

  @Test func `a wrong try does not use up the link`() async throws {
    let world = World()
    let client = try await world.client()
    var request = client.approve(try await client.start())
    request.parent = "profiles/mallory"
    _ = try await error { () throws(RPCError) in try await client.complete(request) }
    request.parent = "profiles/ann"
    #expect(try await client.complete(request).linked.screenName == "alice")
  }

  // T101
  @Test(arguments: [true, false])
  func `of a hundred completions at once one acts`(_ withRequestID: Bool) async throws {
    let world = World()
    let client = try await world.client()
    var request = client.approve(try await client.start())
    if withRequestID { request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11" }
    let outcomes = await withTaskGroup { [request] group in
      for _ in 0..<100 { group.addTask { try? await client.complete(request).linked.name } }
      return await group.reduce(into: [String?]()) { $0.append($1) }
    }
    #expect(outcomes.count { $0 != nil } == (withRequestID ? 100 : 1))
    #expect(Set(outcomes.compactMap { $0 }).count == 1)
    #expect(world.x.withPlatform { $0.calls[.accessToken] } == 1)
    #expect(try await client.list("profiles/-").count == 1)
  }

  @Test func `a repeat is answered again after a restart, and only the same one`() async throws {
    let world = World()
    let client = try await world.client()
    var request = client.approve(try await client.start())
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    let first = try await client.complete(request)
    let again = try await World(after: world).client()
    #expect(try await again.complete(request) == first)
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e12"
    let other = try await error { () throws(RPCError) in try await again.complete(request) }
    #expect(other.reason == "LINK_NOT_FOUND")
    #expect(world.x.withPlatform { $0.calls[.accessToken] } == 1)
  }
}
