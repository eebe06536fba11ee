import FakeX
import LinkAPI
import LinkService
import RPC
import Synchronization
import Testing

@Suite struct `Signing requests` {
  private static let path = "/1.1/account/verify_credentials.json"

  private func client(_ world: World) async throws -> Client {
    try await world.client(scopes: [.read, .link, .sign])
  }

  @Test func `X accepts what was signed, and the answer holds no secret`() async throws {
    let world = World()
    let client = try await client(world)
    let name = try await client.link().linked.name
    let url = ScriptedX.origin + Self.path + "?skip_status=true"
    let authorization = try await client.sign(name, "GET", url)
    #expect(world.x.visit(url, authorization: authorization).status == 200)
    #expect(authorization.hasPrefix("OAuth oauth_consumer_key="))
    #expect(!authorization.contains(App.good.secret))
    // Once: X has seen the nonce.
    #expect(world.x.visit(url, authorization: authorization).status == 401)
    // And for this request alone.
    let other = try await client.sign(name, "GET", url)
    #expect(world.x.visit(url + "&a=b", authorization: other).status == 401)
  }

  @Test func `what is signed has X's time where our clock is wrong`() async throws {
    let world = World()
    let client = try await client(world)
    world.x.withPlatform { $0.configuration.settings.clockOffset = -7200 }
    let name = try await client.link().linked.name
    let url = ScriptedX.origin + Self.path
    let authorization = try await client.sign(name, "GET", url)
    #expect(world.x.visit(url, authorization: authorization).status == 200)
  }

  @Test func `the parameters of a form are signed`() async throws {
    let world = World()
    let client = try await client(world)
    let name = try await client.link().linked.name
    let url = ScriptedX.origin + "/1.1/statuses/update.json"
    let plain = try await client.sign(name, "POST", url)
    let form = try await client.sign(name, "POST", url, ["status": "Ladies + Gentlemen ☃"])
    #expect(plain != form)
  }

  // T113
  @Test(arguments: [
    "https://api.x.com/2/users/me", "http://x.test", "http://x.test.evil.example/2/users/me",
    "http://x.test@evil.example/2/users/me", "http://x.test:8080/2/users/me",
    "HTTP://x.test/2/users/me", "http://X.test/2/users/me", "//x.test/2/users/me",
    "http://x.test/2/users/me#top", "http://x.test/2/us ers", "http://x.test/2/ä",
    "http://x.test/2/users\r\nHost: evil.example", "http://x.test//oauth/request_token",
    "http://x.test/2/../oauth/request_token", "http://x.test/./2", "http://x.test/2%2Fusers",
    "http://x.test/%6Fauth/request_token", "http://x.test/oauth/request_token",
    "http://x.test/OAuth2/token", "http://x.test/1.1/oauth/invalidate_token.json",
    "http://x.test/2/oauth2/revoke", "http://x.test/2/users/me?a=1&a=2", "http://x.test/2?a=%zz",
    "http://x.test/2/users/me?oauth_token=a", "http://x.test/2/users/me?=a", "",
    "http://x.test/" + String(repeating: "a", count: 8192),
  ])
  func `nothing is signed but the provider's API`(_ url: String) async throws {
    let client = try await client(World())
    let name = try await client.link().linked.name
    let error = try await error { () throws(RPCError) in try await client.sign(name, "GET", url) }
    #expect(error.code == .invalidArgument)
    #expect(error.details(of: BadRequest.self).first?.fieldViolations.first?.field == "url")
  }

  @Test(arguments: [["a": "1"], ["oauth_token": "1"], ["": "1"]])
  func `no parameter stands twice, and none is of the protocol`(_ form: [String: String])
    async throws
  {
    let client = try await client(World())
    let name = try await client.link().linked.name
    let error = try await error { () throws(RPCError) in
      try await client.sign(name, "POST", ScriptedX.origin + "/2/tweets?a=2", form)
    }
    #expect(
      error.details(of: BadRequest.self).first?.fieldViolations.first?.field == "form_parameters")
  }

  @Test(arguments: ["", "get", "CONNECT", "GET\r\nHost: evil.example"])
  func `a method is one of a few`(_ method: String) async throws {
    let client = try await client(World())
    let name = try await client.link().linked.name
    let error = try await error { () throws(RPCError) in
      try await client.sign(name, method, ScriptedX.origin + Self.path)
    }
    #expect(error.code == .invalidArgument)
  }

  @Test(arguments: [
    (89, "LINK_REVOKED", "END_USER"), (64, "ACCOUNT_LOCKED", "END_USER"),
    (416, "X_APP_SUSPENDED", "DEVELOPER"), (32, "REAUTH_REQUIRED", "END_USER"),
  ])
  func `an account that cannot be used is not signed for`(
    _ code: Int, _ reason: String, _ actor: String
  ) async throws {
    let world = World()
    let client = try await client(world)
    let name = try await client.link().linked.name
    let fault = Fault(.error(try #require(XError.withCode(code)), .json))
    world.x.withPlatform { $0.fail(.verifyCredentials, fault) }
    _ = try await client.check(name)
    let error = try await error { () throws(RPCError) in
      try await client.sign(name, "GET", ScriptedX.origin + Self.path)
    }
    #expect(error.code == .failedPrecondition)
    #expect(error.reason == reason)
    #expect(error.actor == actor)
  }

  @Test func `an account that may only read is signed for where nothing is written`() async throws {
    let world = World()
    let client = try await client(world)
    world.x.withPlatform { $0.configuration.apps[0].access = .read }
    let name = try await client.link().linked.name
    #expect(try await client.check(name).state == .readOnly)
    let url = ScriptedX.origin + "/2/tweets"
    _ = try await client.sign(name, "GET", url)
    let error = try await error { () throws(RPCError) in try await client.sign(name, "POST", url) }
    #expect(error.reason == "ACCESS_READ_ONLY")
    #expect(error.actor == "DEVELOPER")
  }

  @Test func `an account that was linked to read only is signed for where nothing is written`()
    async throws
  {
    let world = World()
    let client = try await client(world)
    var start = StartLinkRequest.good
    start.accessLevel = .read
    let account = try await client.complete(client.approve(try await client.start(start))).linked
    #expect((account.state, account.accessLevel) == (.active, .read))
    let url = ScriptedX.origin + "/2/tweets"
    _ = try await client.sign(account.name, "GET", url)
    let error = try await error { () throws(RPCError) in
      try await client.sign(account.name, "POST", url)
    }
    #expect(error.reason == "ACCESS_READ_ONLY")
  }

  @Test func `a token without the scope signs nothing`() async throws {
    let world = World()
    let name = try await client(world).link().linked.name
    let client = try await world.client(scopes: [.read, .link])
    let error = try await error { () throws(RPCError) in
      try await client.sign(name, "GET", ScriptedX.origin + Self.path)
    }
    #expect(error.reason == "SCOPE_MISSING")
  }

  @Test func `what is signed is written down first, without query and form`() async throws {
    let world = World()
    let client = try await client(world)
    let name = try await client.link().linked.name
    _ = try await client.sign(name, "POST", ScriptedX.origin + "/2/tweets?a=secret", ["b": "too"])
    let event = try #require(world.trail.events.last)
    #expect(event.action == .signRequest)
    #expect(event.tenant == "acme")
    #expect(event.resource == name)
    #expect(event.detail == "POST \(ScriptedX.origin)/2/tweets")
    world.trail.refuse()
    let error = try await error { () throws(RPCError) in
      try await client.sign(name, "GET", ScriptedX.origin + Self.path)
    }
    #expect(error.code == .internal)
  }
}

/// Remembers what was written down, or cannot be written.
final class TestTrail: AuditTrail {
  private struct Full: Error {}
  private let state = Mutex((events: [AuditEvent](), isFull: false))

  var events: [AuditEvent] { state.withLock(\.events) }
  func refuse() { state.withLock { $0.isFull = true } }

  func record(_ event: AuditEvent) async throws {
    try state.withLock { state in
      if state.isFull { throw Full() }
      state.events.append(event)
    }
  }
}

extension Client {
  func sign(
    _ name: String, _ method: String, _ url: String, _ form: [String: String] = [:]
  ) async throws(RPCError) -> String {
    var request = SignRequestRequest()
    request.name = name
    request.httpMethod = method
    request.url = url
    request.formParameters = form.map {
      var parameter = FormParameter()
      (parameter.name, parameter.value) = ($0.key, $0.value)
      return parameter
    }
    return try await rpc.signRequest(request, options: options).authorization
  }
}
