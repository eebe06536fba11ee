import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Synchronization
import Testing

@Suite struct `Linking by OAuth 2_0` {
  private static let requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"

  @Test(arguments: [App.good, .publicClient])
  func `a link that the user approves becomes an account`(_ app: App) async throws {
    let world = World()
    let client = try await world.client()
    let started = try await client.start(.code(app))
    #expect(started.authorizeURL.hasPrefix(ScriptedX.origin + "/i/oauth2/authorize?"))
    #expect(client.value(of: "code_challenge_method", in: started.authorizeURL) == "S256")
    #expect(client.value(of: "state", in: started.authorizeURL).utf8.count == 64)
    #expect(!started.authorizeURL.contains(started.linkSecret))
    let account = try await client.complete(client.approveCode(started)).linked
    #expect(account.screenName == "alice")
    #expect(account.linkMethod == .oauth2)
    #expect(account.accessLevel == .write)
    #expect(account.scopes == ["tweet.read", "users.read", "offline.access", "tweet.write"])
    #expect(try await client.list("profiles/ann") == [account])
    // X is asked for tokens once, and who it is, once.
    #expect(world.x.withPlatform { ($0.calls[.codeToken], $0.calls[.usersMe]) } == (1, 1))
  }

  @Test func `read access asks for less, and scopes can be named`() async throws {
    let client = try await World().client()
    var request = StartLinkRequest.code()
    request.accessLevel = .read
    let read = try await client.complete(client.approveCode(try await client.start(request))).linked
    #expect(read.accessLevel == .read)
    #expect(read.scopes == ["tweet.read", "users.read", "offline.access"])
    request.accessLevel = .unspecified
    request.scopes = ["users.read", "tweet.read", "like.read"]
    let named = try await client.complete(client.approveCode(try await client.start(request)))
    #expect(named.linked.scopes == request.scopes)
    #expect(named.relinked)
  }

  @Test func `what only the other method knows is refused, all of it at once`() async throws {
    let client = try await World().client()
    var request = StartLinkRequest.code()
    request.returnMethod = .pin(PinEntry())
    request.forceLogin = true
    request.screenName = "alice"
    request.consentPage = .authenticate
    request.scopes = ["tweet.read"]
    let first = try await error { () throws(RPCError) in try await client.start(request) }
    #expect(
      Set(first.details(of: BadRequest.self).first?.fieldViolations.map(\.field) ?? [])
        == ["consent_page", "pin", "force_login", "screen_name", "scopes"])
    var other = StartLinkRequest.good
    other.scopes = ["tweet.read"]
    let second = try await error { () throws(RPCError) in try await client.start(other) }
    #expect(second.details(of: BadRequest.self).first?.fieldViolations.map(\.field) == ["scopes"])
  }

  @Test func `a key set is for one method`() async throws {
    let client = try await World().client()
    var put = PutKeySetRequest()
    (put.name, put.provider, put.linkMethod) = ("keySets/two", .x, .oauth2)
    put.keys = ConsumerKeys(client: .publicClient)
    #expect(
      try await client.rpc.putKeySet(put, options: client.options).keySet?.linkMethod == .oauth2)
    put.linkMethod = .oauth1
    put.keys = ConsumerKeys(.good)
    let changed = try await error { () throws(RPCError) in
      try await client.rpc.putKeySet(put, options: client.options)
    }
    #expect(changed.code == .invalidArgument)
    var request = StartLinkRequest.code()
    request.keySource = .keySet("keySets/two")
    let account = try await client.complete(client.approveCode(try await client.start(request)))
    #expect(account.linked.keySet == "keySets/two")
    request = .good
    request.keySource = .keySet("keySets/two")
    let error = try await error { () throws(RPCError) in try await client.start(request) }
    #expect(error.reason == "KEY_SET_NOT_FOUND")
  }

  @Test func `a user who says no ends the link`() async throws {
    let world = World()
    let client = try await world.client()
    let started = try await client.start(.code())
    let back = world.x.visit(started.authorizeURL + "&auto=deny").headers.first(named: "Location")
    #expect(client.value(of: "error", in: back ?? "") == "access_denied")
    var request = CompleteLinkRequest()
    (request.parent, request.linkSecret) = ("profiles/ann", started.linkSecret)
    var denial = Denial()
    denial.denied = client.value(of: "state", in: back ?? "")
    request.outcome = .denial(denial)
    let error = try await error { () throws(RPCError) in try await client.complete(request) }
    #expect(error.reason == "USER_DENIED")
  }

  @Test(arguments: [
    ("wrong secret", "X_BAD_CONSUMER_KEYS", "DEVELOPER"),
    ("callback", "X_CALLBACK_NOT_APPROVED", "DEVELOPER"),
    ("late", "X_REFUSED", "END_USER"), ("not enrolled", "X_APP_NOT_ENROLLED", "DEVELOPER"),
    ("suspended", "ACCOUNT_LOCKED", "END_USER"), ("nameless", "PROVIDER_UNAVAILABLE", "PROVIDER"),
  ])
  func `what is wrong is said, and no token is left`(
    _ wrong: String, _ reason: String, _ actor: String
  ) async throws {
    let world = World()
    let client = try await world.client()
    var completion = client.approveCode(try await client.start(.code()))
    completion.requestID = Self.requestID
    let x = world.x
    switch wrong {
    case "wrong secret": x.withPlatform { $0.configuration.apps[0].clientSecret = "another" }
    case "callback":
      let body =
        #"{"error":"invalid_request","error_description":"Value passed for the redirect uri did not match the uri of the authorization code."}"#
      x.withPlatform {
        $0.fail(.codeToken, Fault(.answer(Answer(400, type: "application/json", body))))
      }
    case "late": world.time.advance(by: 31)
    case "not enrolled": x.withPlatform { $0.configuration.apps[0].isEnrolled = false }
    case "suspended": x.withPlatform { $0.configuration.users[0].isSuspended = true }
    default: x.withPlatform { $0.fail(.usersMe, .garbage) }
    }
    let error = try await error { () throws(RPCError) in try await client.complete(completion) }
    #expect((error.reason, error.actor) == (reason, actor))
    #expect(try await client.list("profiles/-").isEmpty)
    // What was granted all the same is ended, once nobody can ask again whose it is.
    world.time.advance(by: 1200)
    _ = await world.upkeep.pass()
    _ = await world.upkeep.pass()
    #expect(world.store.count(withPrefix: "revocation/") == 0)
    #expect(x.withPlatform { $0.revoke(screenName: "alice") } == 0)
  }

  /// What `users/me` says where it does not say who the user is, and what the caller is told then.
  private static let silences: [(Fault, String)] = [
    (Fault(.answer(Answer(503, type: "text/plain", "no"))), "PROVIDER_UNAVAILABLE"),
    (Fault(.answer(Answer(429, type: "text/plain", "no"))), "X_RATE_LIMITED"),
    (.garbage, "PROVIDER_UNAVAILABLE"), (.hung, "PROVIDER_UNAVAILABLE"),
  ]

  @Test(arguments: silences, [requestID, ""])
  func `a link whose user X does not name at once is finished by the same request`(
    _ silence: (Fault, String), _ requestID: String
  ) async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.linkCode().linked.name
    var request = client.approveCode(try await client.start(.code()))
    request.requestID = requestID
    world.x.withPlatform { $0.fail(.usersMe, silence.0, times: 2) }
    // A restart in between changes nothing.
    for world in [world, World(after: world)] {
      let client = try await world.client()
      let error = try await error { () throws(RPCError) in try await client.complete(request) }
      #expect(error.reason == silence.1)
      world.time.advance(by: 450)
    }
    let other = client.approveCode(try await client.start(.code()))
    var forged = request
    forged.outcome = other.outcome
    let error = try await error { [forged] () throws(RPCError) in
      try await client.complete(forged)
    }
    #expect(error.reason == "LINK_NOT_FOUND")
    let done = try await client.complete(request)
    #expect(done.relinked && done.linked.name == name)
    #expect(try await client.check(name).state == .active)
    // The code was exchanged once, and the check has renewed what came of it.
    #expect(world.x.withPlatform { $0.calls[.codeToken] } == 3)
  }

  @Test func `tokens of a user whom X never names end no account's`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.linkCode().linked.name
    let request = client.approveCode(try await client.start(.code()))
    world.x.withPlatform { $0.fail(.usersMe, .garbage) }
    _ = try await error { () throws(RPCError) in try await client.complete(request) }
    world.time.advance(by: 1200)
    for _ in 0..<3 {
      _ = await world.upkeep.pass()
      world.time.advance(by: 3600)
    }
    #expect(try await client.check(name).state == .active)
    #expect(world.x.withPlatform { $0.calls[.codeRevoke] } == nil)
    // They are ended with the last account that they might be of.
    #expect(world.store.count(withPrefix: "revocation/") == 1)
    #expect(try await client.unlink(name) == .done)
    world.time.advance(by: 6 * 3600)
    _ = await world.upkeep.pass()
    #expect(world.store.count(withPrefix: "revocation/") == 0)
    #expect(world.x.withPlatform { $0.calls[.codeRevoke] } == 2)
  }

  @Test func `the same user is one account by both methods, and the old token is ended`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    let first = try await client.link().linked
    let second = try await client.linkCode()
    #expect(second.relinked && second.linked.name == first.name)
    #expect((first.linkMethod, second.linked.linkMethod) == (.oauth1, .oauth2))
    world.time.advance(by: 120)
    _ = await world.upkeep.pass()
    #expect(world.x.withPlatform { $0.calls[.invalidateToken] } == 1)
    #expect(try await client.check(first.name).state == .active)
  }
}

@Suite struct `Proofs of a completion by OAuth 2_0` {
  enum Wrong: String, CaseIterable {
    case tenant, profile, secret, state, grantInsteadOfCode, codeInsteadOfGrant, expired, used
  }

  // T99, T100: PKCE stops neither of them, as the verifier of OAuth 1.0a does not.
  @Test(arguments: Wrong.allCases)
  func `whatever is wrong, the answer is the same and X is not asked`(_ wrong: Wrong) async throws {
    let world = World()
    var client = try await world.client()
    var request = client.approveCode(try await client.start(.code()))
    let grant = try #require(request.codeGrant)
    switch wrong {
    case .tenant: client = try await world.client(tenant: "other")
    case .profile: request.parent = "profiles/victim"
    case .secret: request.linkSecret = String(request.linkSecret.reversed())
    case .state:
      var other = grant
      other.state = String(grant.state.reversed())
      request.outcome = .codeGrant(other)
    case .grantInsteadOfCode:
      var other = CallbackGrant()
      (other.oauthToken, other.oauthVerifier) = (grant.state, grant.code)
      request.outcome = .grant(other)
    case .codeInsteadOfGrant:
      request = client.approve(try await client.start())
      var other = CodeGrant()
      (other.state, other.code) = (
        request.grant?.oauthToken ?? "", request.grant?.oauthVerifier ?? ""
      )
      request.outcome = .codeGrant(other)
    case .expired: world.time.advance(by: 600)
    case .used: _ = try await client.complete(request)
    }
    let calls = world.x.withPlatform { ($0.calls[.codeToken] ?? 0, $0.calls[.accessToken] ?? 0) }
    let error = try await error { () throws(RPCError) in try await client.complete(request) }
    #expect(error.code == .notFound)
    #expect(error.reason == "LINK_NOT_FOUND")
    #expect(
      error.message
        == "no live link matches this request; it may have expired or ended: start a new one")
    #expect(
      world.x.withPlatform { ($0.calls[.codeToken] ?? 0, $0.calls[.accessToken] ?? 0) } == calls)
    #expect(world.trail.events.last?.action == .refuseLink)
  }

  // T101
  @Test func `of a hundred completions at once one acts`() async throws {
    let world = World()
    let client = try await world.client()
    var request = client.approveCode(try await client.start(.code()))
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    let names = await withTaskGroup { [request] group in
      for _ in 0..<100 { group.addTask { try? await client.complete(request).linked.name } }
      return await group.reduce(into: [String?]()) { $0.append($1) }
    }
    #expect(Set(names).count == 1 && names.allSatisfy { $0 != nil })
    #expect(world.x.withPlatform { $0.calls[.codeToken] } == 1)
  }

  @Test func `a try that does not fit keeps nobody from the one that does`() async throws {
    let world = World()
    let client = try await world.client()
    let request = client.approveCode(try await client.start(.code()))
    var wrong = request
    wrong.parent = "profiles/eve"
    let linked = Mutex<Account?>(nil)
    world.store.onRead(1, of: "link/") {
      let account = try? await client.complete(request).linked
      linked.withLock { $0 = account }
    }
    let error = try await error { [wrong] () throws(RPCError) in try await client.complete(wrong) }
    #expect(error.reason == "LINK_NOT_FOUND")
    #expect(linked.withLock(\.self)?.state == .active)
  }

  // T103: a code of one app is no good in a link of another one.
  @Test func `a code that was given to another app is refused by X`() async throws {
    let world = World()
    let client = try await world.client()
    let mine = client.approveCode(try await client.start(.code()))
    let other = client.approveCode(try await client.start(.code(.publicClient)))
    var mixed = mine
    var grant = try #require(mine.codeGrant)
    grant.code = try #require(other.codeGrant?.code)
    mixed.outcome = .codeGrant(grant)
    let error = try await error { () throws(RPCError) in try await client.complete(mixed) }
    #expect(error.reason == "X_REFUSED")
    #expect(try await client.list("profiles/-").isEmpty)
  }

  // T102, as far as a store can see it.
  @Test(arguments: Death.all)
  func `a process that dies leaves no account without its tokens and no stuck link`(
    _ death: Death
  ) async throws {
    let world = World()
    let client = try await world.client()
    var request = client.approveCode(try await client.start(.code()))
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    world.store.die(after: death.commits, isMade: death.isMade)
    _ = try? await client.complete(request)
    world.store.die(after: nil)
    let again = World(after: world)
    let retry = try await again.client()
    do throws(RPCError) {
      #expect(try await retry.complete(request).linked.state == .active)
    } catch {
      #expect(error.reason == "LINK_OUTCOME_UNKNOWN")
      #expect(try await retry.list("profiles/-").isEmpty)
    }
    #expect(again.x.withPlatform { $0.calls[.codeToken] ?? 0 } <= 1)
    _ = try await retry.linkCode()
    let accounts = try await retry.list("profiles/-")
    #expect(accounts.count == 1)
    #expect(try await retry.check(accounts[0].name).state == .active)
  }
}

extension StartLinkRequest {
  /// What begins a link by OAuth 2.0.
  static func code(_ app: App = .good) -> StartLinkRequest {
    var request = good
    request.linkMethod = .oauth2
    request.keySource = .keys(ConsumerKeys(client: app))
    return request
  }
}

extension ConsumerKeys {
  init(client app: App) {
    self.init()
    consumerKey = app.clientID ?? ""
    consumerSecret = app.clientSecret ?? ""
  }
}

extension Client {
  /// Goes to the page of OAuth 2.0, agrees, and takes what comes back.
  func approveCode(
    _ started: StartLinkResponse, _ parent: String = "profiles/ann", as user: String = "alice"
  ) -> CompleteLinkRequest {
    let answer = x.visit(started.authorizeURL + "&auto=approve&user=\(user)")
    let callback = answer.headers.first(named: "Location") ?? ""
    var request = CompleteLinkRequest()
    (request.parent, request.linkSecret) = (parent, started.linkSecret)
    var grant = CodeGrant()
    grant.state = value(of: "state", in: callback)
    grant.code = value(of: "code", in: callback)
    request.outcome = .codeGrant(grant)
    return request
  }

  /// Links an account by OAuth 2.0 from beginning to end.
  func linkCode(
    _ parent: String = "profiles/ann", as user: String = "alice", _ app: App = .good
  ) async throws(RPCError) -> CompleteLinkResponse {
    var request = StartLinkRequest.code(app)
    request.parent = parent
    request.accountSharing = .allow
    return try await complete(approveCode(try await start(request), parent, as: user))
  }
}
