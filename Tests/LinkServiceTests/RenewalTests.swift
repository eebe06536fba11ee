import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Synchronization
import Testing

@Suite struct `Renewing tokens` {
  private static let me = ScriptedX.origin + "/2/users/me"
  /// As long as a token of X is good, in seconds.
  private static let lifetime: Int64 = 7200

  private func linked(_ world: World) async throws -> (client: Client, name: String) {
    let client = try await world.client(scopes: [.read, .link, .sign])
    return (client, try await client.linkCode().linked.name)
  }

  private func status(_ world: World, _ authorization: String) -> Int {
    world.x.visit(Self.me, authorization: authorization).status
  }

  @Test func `a request carries a token that is good, and the store is not asked for another`()
    async throws
  {
    let world = World()
    let (client, name) = try await linked(world)
    let first = try await client.sign(name, "GET", Self.me)
    #expect(first.hasPrefix("Bearer "))
    #expect(status(world, first) == 200)
    world.time.advance(by: Self.lifetime - 61)
    #expect(try await client.sign(name, "GET", Self.me) == first)
    // Within the last minute it is renewed.
    world.time.advance(by: 1)
    let second = try await client.sign(name, "GET", Self.me)
    #expect(second != first)
    #expect(status(world, second) == 200)
    #expect(world.x.withPlatform { $0.calls[.codeToken] } == 2)
    // Again and again: a refresh token works once, and each gives the next.
    for _ in 0..<5 {
      world.time.advance(by: Self.lifetime)
      #expect(status(world, try await client.sign(name, "GET", Self.me)) == 200)
    }
  }

  @Test func `of a hundred who need it at once one renews it`() async throws {
    let world = World()
    let (client, name) = try await linked(world)
    world.time.advance(by: Self.lifetime)
    let others = Mutex<[Task<String?, Never>]>([])
    // All of them come while X has answered the first one and that does not know it yet.
    world.x.onNextRequest {
      for _ in 0..<99 {
        let other = Task { try? await client.sign(name, "GET", Self.me) }
        others.withLock { $0.append(other) }
      }
      for _ in 0..<1000 { await Task.yield() }
    }
    var headers: [String?] = [try await client.sign(name, "GET", Self.me)]
    for other in others.withLock(\.self) { headers.append(await other.value) }
    #expect(headers.count == 100)
    #expect(Set(headers).count == 1 && headers.allSatisfy { $0 != nil })
    #expect(world.x.withPlatform { $0.calls[.codeToken] } == 2)
    #expect(status(world, headers.first.flatMap { $0 } ?? "") == 200)
  }

  @Test func `a check renews and costs no read, and the profile costs one`() async throws {
    let world = World()
    let (client, name) = try await linked(world)
    for _ in 0..<3 { #expect(try await client.check(name).state == .active) }
    #expect(world.x.withPlatform { ($0.calls[.codeToken], $0.calls[.usersMe]) } == (4, 1))
    var request = CheckAccountRequest()
    (request.name, request.withProfile) = (name, true)
    let profile = try await client.rpc.checkAccount(request, options: client.options).profile
    #expect(profile?.displayName == "Alice")
    #expect(world.service.providerUsage.totals[.usersMe] == 2)
    // The daily check is one of them.
    world.time.toEndOfNextDay()
    #expect(await world.upkeep.pass().accountsChecked == 1)
    #expect(world.x.withPlatform { $0.calls[.usersMe] } == 2)
  }

  @Test func `a user who takes the consent back is noticed`() async throws {
    let world = World()
    let (client, name) = try await linked(world)
    world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
    let account = try await client.check(name)
    #expect(account.state == .revoked)
    #expect(account.problems.map(\.reason) == [.linkRevoked])
    let error = try await error { () throws(RPCError) in try await client.sign(name, "GET", Self.me)
    }
    #expect(error.reason == "LINK_REVOKED")
    #expect(try await client.linkCode().linked.state == .active)
    #expect(try await client.check(name).state == .active)
  }

  @Test func `signing finds it out, too`() async throws {
    let world = World()
    let (client, name) = try await linked(world)
    world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
    world.time.advance(by: Self.lifetime)
    let error = try await error { () throws(RPCError) in try await client.sign(name, "GET", Self.me)
    }
    #expect(error.reason == "LINK_REVOKED")
    #expect(try await client.get(name).state == .revoked)
  }

  @Test func `a token that cannot be renewed runs out`() async throws {
    let world = World()
    let client = try await world.client(scopes: [.read, .link, .sign])
    var request = StartLinkRequest.code()
    request.scopes = ["tweet.read", "users.read"]
    let name = try await client.complete(client.approveCode(try await client.start(request))).linked
      .name
    #expect(try await client.check(name).state == .active)
    world.time.advance(by: Self.lifetime)
    let account = try await client.check(name)
    #expect(account.state == .revoked)
    #expect(account.problems.first?.summary.contains("run out") == true)
  }

  @Test func `what may only read is signed for where nothing is written`() async throws {
    let world = World()
    let client = try await world.client(scopes: [.read, .link, .sign])
    var request = StartLinkRequest.code()
    request.accessLevel = .read
    let name = try await client.complete(client.approveCode(try await client.start(request))).linked
      .name
    _ = try await client.sign(name, "GET", Self.me)
    let error = try await error { () throws(RPCError) in
      try await client.sign(name, "POST", ScriptedX.origin + "/2/tweets")
    }
    #expect(error.reason == "ACCESS_READ_ONLY")
  }

  @Test(arguments: [("like.write", AccessLevel.write), ("like.read", .read)])
  func `whoever may write anything is signed for`(_ scope: String, _ access: AccessLevel)
    async throws
  {
    let world = World()
    let client = try await world.client(scopes: [.read, .link, .sign])
    var request = StartLinkRequest.code()
    request.scopes = ["tweet.read", "users.read", scope]
    let account = try await client.complete(client.approveCode(try await client.start(request)))
      .linked
    #expect(account.accessLevel == access)
    let header = try? await client.sign(account.name, "POST", ScriptedX.origin + "/2/likes")
    #expect((header != nil) == (access == .write))
  }

  @Test func `keys that were replaced renew with the new ones`() async throws {
    let world = World()
    let client = try await world.client()
    var put = PutKeySetRequest()
    (put.name, put.provider, put.linkMethod) = ("keySets/two", .x, .oauth2)
    put.keys = ConsumerKeys(client: .good)
    _ = try await client.rpc.putKeySet(put, options: client.options)
    var request = StartLinkRequest.code()
    request.keySource = .keySet("keySets/two")
    let name = try await client.complete(client.approveCode(try await client.start(request))).linked
      .name
    world.x.withPlatform { $0.configuration.apps[0].clientSecret = "rotated" }
    put.keys?.consumerSecret = "rotated"
    _ = try await client.rpc.putKeySet(put, options: client.options)
    #expect(try await client.check(name).state == .active)
    world.x.withPlatform { $0.configuration.apps[0].clientSecret = "lost" }
    #expect(try await client.check(name).state == .reauthRequired)
  }

  @Test func `a caller in a hurry costs no account its token`() async throws {
    let world = World()
    let (client, name) = try await linked(world)
    var hurried = client.options
    hurried.timeout = .milliseconds(100)
    var request = CheckAccountRequest()
    request.name = name
    // Late, but within the time that linkd gives X.
    world.x.withPlatform { $0.fail(.codeToken, .delayed(milliseconds: 3000)) }
    _ = try? await client.rpc.checkAccount(request, options: hurried)
    #expect(try await client.check(name).state == .active)
    #expect(status(world, try await client.sign(name, "GET", Self.me)) == 200)
  }

  @Test func `a check asks X although it comes while another call finds a renewal needless`()
    async throws
  {
    let world = World()
    let (client, name) = try await linked(world)
    var profile = CheckAccountRequest()
    (profile.name, profile.withProfile) = (name, true)
    let check = Mutex<Task<AccountState?, Never>?>(nil)
    // The third time the account is read is when its token is looked at.
    world.store.onRead(3, of: "account/") {
      world.x.withPlatform { _ = $0.revoke(screenName: "alice") }
      let task = Task { try? await client.check(name).state }
      check.withLock { $0 = task }
      for _ in 0..<1000 { await Task.yield() }
    }
    _ = try await client.rpc.checkAccount(profile, options: client.options)
    #expect(await check.withLock(\.self)?.value == .revoked)
    #expect(world.x.withPlatform { $0.calls[.codeToken] } == 2)
  }

  /// Whatever X answered, and whether or not it did anything.
  @Test(arguments: [
    (Fault(.error(.withCode(130) ?? .table[0], .json)), true), (.hung, true), (.lost, false),
  ])
  func `a renewal without an answer leaves the account as it was, and says so when it is lost`(
    _ fault: Fault, _ survives: Bool
  ) async throws {
    let world = World()
    let (client, name) = try await linked(world)
    world.time.advance(by: Self.lifetime)
    world.x.withPlatform { $0.fail(.codeToken, fault) }
    let error = try await error { () throws(RPCError) in try await client.sign(name, "GET", Self.me)
    }
    #expect(error.reason == "PROVIDER_UNAVAILABLE")
    #expect(try await client.get(name).state == .active)
    let account = try await client.check(name)
    #expect(account.state == (survives ? .active : .reauthRequired))
    #expect(account.problems.first?.summary.contains("lost") == (survives ? nil : true))
  }

  /// The renewal of a token that a process is killed in: see `Death`.
  @Test(arguments: Death.all)
  func `a process that dies while it renews leaves a token that works or an account that says why`(
    _ death: Death
  ) async throws {
    let world = World()
    let (client, name) = try await linked(world)
    world.time.advance(by: Self.lifetime)
    world.store.die(after: death.commits, isMade: death.isMade)
    _ = try? await client.sign(name, "GET", Self.me)
    world.store.die(after: nil)
    let again = World(after: world)
    let retry = try await again.client(scopes: [.read, .link, .sign])
    do throws(RPCError) {
      let header = try await retry.sign(name, "GET", Self.me)
      #expect(status(again, header) == 200)
    } catch {
      #expect(error.reason == "REAUTH_REQUIRED")
      #expect(try await retry.get(name).problems.first?.summary.contains("lost") == true)
      #expect(try await retry.linkCode().linked.name == name)
    }
    #expect(try await retry.check(name).state == .active)
  }

  @Test
  func
    `an account that is linked again, or unlinked, while it is renewed keeps or ends the new tokens`()
    async throws
  {
    for isUnlinked in [false, true] {
      let world = World()
      let (client, name) = try await linked(world)
      world.time.advance(by: Self.lifetime)
      world.x.onNextRequest {
        if isUnlinked {
          _ = try? await client.unlink(name)
        } else {
          _ = try? await client.linkCode()
        }
      }
      let header = try? await client.sign(name, "GET", Self.me)
      #expect((header == nil) == isUnlinked)
      if let header { #expect(status(world, header) == 200) }
      world.time.advance(by: 120)
      _ = await world.upkeep.pass()
      #expect(world.store.count(withPrefix: "revocation/") == 0)
      if isUnlinked { #expect(world.x.withPlatform { $0.revoke(screenName: "alice") } == 0) }
    }
  }
}

@Suite struct `Unlinking what was linked by OAuth 2_0` {
  @Test func `ends what renews the token, and the token with it`() async throws {
    let world = World()
    let client = try await world.client(scopes: [.read, .link, .sign])
    let name = try await client.linkCode().linked.name
    let url = ScriptedX.origin + "/2/users/me"
    let header = try await client.sign(name, "GET", url)
    #expect(try await client.unlink(name) == .done)
    #expect(world.x.visit(url, authorization: header).status == 401)
    #expect(world.x.withPlatform { $0.calls[.codeRevoke] } == 1)
    #expect(world.store.count(withPrefix: "account/") == 0)
    #expect(!world.store.holds(Array(header.utf8.dropFirst("Bearer ".utf8.count))))
  }

  @Test func `leaves it to another profile of the same user and application`() async throws {
    let world = World()
    let client = try await world.client()
    let ann = try await client.linkCode("profiles/ann").linked.name
    let ben = try await client.linkCode("profiles/ben").linked.name
    #expect(try await client.unlink(ann) == .stillNeeded)
    #expect(try await client.check(ben).state == .active)
    #expect(try await client.unlink(ben) == .done)
  }

  @Test func `is done later where X does not answer`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.linkCode().linked.name
    world.x.withPlatform { $0.fail(.codeRevoke, .hung) }
    #expect(try await client.unlink(name) == .pending)
    world.time.advance(by: 120)
    #expect(await world.upkeep.pass().tokensEnded == 1)
    #expect(world.x.withPlatform { $0.revoke(screenName: "alice") } == 0)
  }
}
