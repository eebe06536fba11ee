import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Testing

@Suite struct `Checking an account` {
  @Test func `a token that works is active, and its access is known`() async throws {
    let world = World()
    let client = try await world.client()
    let linked = try await client.link().linked
    #expect(linked.accessLevel == .unspecified)
    world.time.advance(by: 60)
    let checked = try await client.check(linked.name)
    #expect(checked.state == .active)
    #expect(checked.accessLevel == .write)
    #expect(checked.checkTime == Timestamp(seconds: world.time.now))
    #expect(try await client.get(linked.name) == checked)
  }

  @Test func `a revoked account is noticed, and linking again mends it`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
    #expect(try await client.check(name).state == .revoked)
    let again = try await client.link().linked
    #expect(again.name == name)
    #expect(again.state == .active)
    #expect(again.problems.map(\.reason) == [.linkRevoked])
    #expect(try await client.check(name).state == .active)
  }

  @Test func `a list shows what has happened since the last one`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    for _ in 0..<2 { #expect(try await client.list("profiles/-").map(\.state) == [.active]) }
    world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
    _ = try await client.check(name)
    for _ in 0..<2 { #expect(try await client.list("profiles/-").map(\.state) == [.revoked]) }
    _ = try await client.unlink(name)
    for _ in 0..<2 { #expect(try await client.list("profiles/-").isEmpty) }
    let again = try await client.link().linked
    #expect(try await client.list("profiles/-") == [again])
  }

  @Test func `a locked account becomes active when its owner has unlocked it`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.x.withPlatform { $0.configuration.users[0].isLocked = true }
    #expect(try await client.check(name).state == .locked)
    world.x.withPlatform { $0.configuration.users[0].isLocked = false }
    #expect(try await client.check(name).state == .active)
  }

  @Test(arguments: [
    (AccessLevel.unspecified, AccountState.readOnly), (.write, .readOnly), (.read, .active),
  ])
  func `a token that may only read is noticed unless nothing else was asked for`(
    _ asked: AccessLevel, _ state: AccountState
  ) async throws {
    let world = World()
    let client = try await world.client()
    world.x.withPlatform { $0.configuration.apps[0].access = .read }
    var request = StartLinkRequest.good
    request.accessLevel = asked
    let name = try await client.complete(client.approve(try await client.start(request))).linked
      .name
    let account = try await client.check(name)
    #expect(account.state == state)
    #expect(account.accessLevel == .read)
    #expect(account.problems.map(\.reason) == (state == .active ? [] : [.accessReadOnly]))
  }

  @Test func `the history of problems is bounded, and the same problem is one`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    for round in 0..<24 {
      let error = try #require(XError.withCode(round % 4 < 2 ? 64 : 89))
      world.x.withPlatform { $0.fail(.verifyCredentials, Fault(.error(error, .json))) }
      world.time.advance(by: 1)
      _ = try await client.check(name)
    }
    let problems = try await client.get(name).problems
    #expect(problems.count == 10)
    #expect(problems.first?.time == Timestamp(seconds: world.time.now))
    #expect(problems.prefix(2).map(\.reason) == [.linkRevoked, .accountLocked])
  }

  @Test func `the profile is given when it is asked for, and kept nowhere`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    var request = CheckAccountRequest()
    (request.name, request.maxAge) = (name, ProtoDuration(.seconds(3600)))
    #expect(try await client.rpc.checkAccount(request, options: client.options).profile == nil)
    request.withProfile = true
    let profile = try await client.rpc.checkAccount(request, options: client.options).profile
    #expect(profile?.displayName == "Alice")
    #expect(profile?.pictureURL.hasSuffix("picture_normal.png") == true)
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == 2)
    #expect(!world.store.holds(Array("picture_normal".utf8)))
    world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
    #expect(try await client.rpc.checkAccount(request, options: client.options).profile == nil)
  }

  @Test func `what X says of another user is not believed`() async throws {
    let world = World()
    let client = try await world.client()
    let account = try await client.link().linked
    let bob = #"{"id":2002,"id_str":"2002","screen_name":"bob","name":"Bob"}"#
    let answer = Answer(200, type: "application/json", bob)
    world.x.withPlatform { $0.fail(.verifyCredentials, Fault(.answer(answer))) }
    let error = try await error { () throws(RPCError) in try await client.check(account.name) }
    #expect(error.reason == "PROVIDER_UNAVAILABLE")
    #expect(try await client.get(account.name) == account)
  }

  @Test func `an answer that is young enough is not asked for again`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    for _ in 0..<3 { _ = try await client.check(name, maxAge: 60) }
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == 1)
    world.time.advance(by: 61)
    _ = try await client.check(name, maxAge: 60)
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == 2)
  }

  @Test func `an account that is linked again while it is checked keeps its new token`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
    let completion = client.approve(try await client.start())
    world.x.onNextRequest { _ = try? await client.complete(completion) }
    let account = try await client.check(name)
    #expect(account.state == .active)
    #expect(try await client.check(name).state == .active)
  }
}

@Suite struct `Unlinking an account` {
  @Test func `ends the token at X and forgets it`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    #expect(try await client.unlink(name) == .done)
    #expect(world.x.withPlatform { $0.calls[.invalidateToken] } == 1)
    #expect(try await client.list("profiles/-").isEmpty)
    for prefix in ["account/", "identity/", "revocation/"] as [Key] {
      #expect(world.store.count(withPrefix: prefix) == 0)
    }
    let error = try await error { () throws(RPCError) in try await client.unlink(name) }
    #expect(error.code == .notFound)
    #expect(error.reason == "ACCOUNT_NOT_FOUND")
    #expect(try await client.unlink(name, allowMissing: true) == .nothingToDo)
  }

  // T126: what the files still hold is `Store`'s affair, whose tests cite the same number.
  @Test func `leaves no key, token or secret in the store`() async throws {
    let world = World()
    let client = try await world.client(scopes: [.read, .link, .sign])
    let name = try await client.link().linked.name
    let header = try await client.sign(name, "GET", ScriptedX.origin + "/2/users/me")
    let token = try #require(header.firstMatch(of: /oauth_token="([^"]*)"/)?.output.1)
    let secrets = [App.good.key, App.good.secret, String(token)]
    #expect(secrets.allSatisfy { world.store.holds(Array($0.utf8)) })
    #expect(try await client.unlink(name) == .done)
    #expect(!secrets.contains { world.store.holds(Array($0.utf8)) })
    #expect(world.store.erasures == 1)
  }

  @Test func `T126: is not done before the disk has lost the token, too`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    let fault = Fault(.error(try #require(XError.withCode(130)), .json))
    world.x.withPlatform { $0.fail(.invalidateToken, fault) }
    #expect(try await client.unlink(name) == .pending)
    // It is needed until X has ended it.
    var (report, last) = (await world.upkeep.pass(), world.time.clock.now() as Timestamp?)
    await world.upkeep.erase(&report, last: &last)
    #expect(report.tokensEnded == 0 && world.store.erasures == 0)
    world.time.advance(by: 3600)
    report = await world.upkeep.pass()
    await world.upkeep.erase(&report, last: &last)
    #expect(report.tokensEnded == 1 && world.store.erasures == 1)
  }

  @Test(arguments: [130, 88, 32, 416])
  func `succeeds at once although X does not take part, which stays to be done`(_ code: Int)
    async throws
  {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    let fault = Fault(.error(try #require(XError.withCode(code)), .json))
    world.x.withPlatform { $0.fail(.invalidateToken, fault) }
    #expect(try await client.unlink(name) == .pending)
    #expect(try await client.list("profiles/-").isEmpty)
    #expect(world.store.count(withPrefix: "revocation/") == 1)
  }

  @Test func `a token that X has ended already is done with`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
    #expect(try await client.unlink(name) == .done)
  }

  @Test func `leaves the token to another profile that has it too`() async throws {
    let world = World()
    let client = try await world.client()
    let ann = try await client.link("profiles/ann").linked.name
    let ben = try await client.link("profiles/ben").linked.name
    #expect(try await client.unlink(ann) == .stillNeeded)
    #expect(try await client.check(ben).state == .active)
    #expect(try await client.unlink(ben) == .done)
  }

  @Test func `an account that is linked again is another one`() async throws {
    let client = try await World().client()
    let first = try await client.link().linked
    _ = try await client.unlink(first.name)
    let second = try await client.link()
    #expect(second.linked.name != first.name)
    #expect(!second.relinked)
  }
}

@Suite struct `One account in two profiles` {
  private func link(
    _ client: Client, _ sharing: AccountSharing
  ) async throws(RPCError) -> CompleteLinkResponse {
    var request = StartLinkRequest.good
    request.parent = "profiles/ben"
    request.accountSharing = sharing
    return try await client.complete(
      client.approve(try await client.start(request), "profiles/ben"))
  }

  @Test(arguments: [AccountSharing.unspecified, .refuse])
  func `is refused unless it was allowed, and the first one goes on working`(
    _ sharing: AccountSharing
  ) async throws {
    let client = try await World().client()
    let first = try await client.link("profiles/ann").linked
    let error = try await error { () throws(RPCError) in try await link(client, sharing) }
    #expect(error.code == .failedPrecondition)
    #expect(error.reason == "ACCOUNT_IN_OTHER_PROFILE")
    #expect(try await client.list("profiles/-") == [first])
    #expect(try await client.check(first.name).state == .active)
  }

  @Test func `is allowed where the caller says so, and in two tenants`() async throws {
    let world = World()
    let client = try await world.client()
    _ = try await client.link("profiles/ann")
    #expect(try await link(client, .allow).linked.name.hasPrefix("profiles/ben/"))
    let other = try await world.client(tenant: "other")
    #expect(try await link(other, .refuse).linked.name.hasPrefix("profiles/ben/"))
  }
}

@Suite struct `Names of accounts` {
  @Test(arguments: [
    "", "profiles/ann", "profiles/ann/accounts/", "profiles/-/accounts/0a", "accounts/0a",
    "profiles/ann/accounts/0a/x", "profiles/ann/accounts/ä",
  ])
  func `must be names`(_ name: String) async throws {
    let client = try await World().client()
    let error = try await error { () throws(RPCError) in try await client.get(name) }
    #expect(error.code == .invalidArgument)
    #expect(error.details(of: BadRequest.self).first?.fieldViolations.map(\.field) == ["name"])
  }
}
