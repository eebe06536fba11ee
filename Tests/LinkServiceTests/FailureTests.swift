import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Testing

/// One of X's errors, and what becomes of it when a link is begun.
struct Row: Sendable, CustomTestStringConvertible {
  let code: Int
  let status: StatusCode
  let reason: String
  let actor: String
  var testDescription: String { "\(code) is \(reason)" }

  init(_ code: Int, _ status: StatusCode, _ reason: String, _ actor: String) {
    self.code = code
    self.status = status
    self.reason = reason
    self.actor = actor
  }

  static let all = [
    Row(32, .failedPrecondition, "X_BAD_CONSUMER_KEYS", "DEVELOPER"),
    Row(215, .failedPrecondition, "X_BAD_CONSUMER_KEYS", "DEVELOPER"),
    Row(135, .failedPrecondition, "X_CLOCK_SKEW", "PROVIDER"),
    Row(415, .failedPrecondition, "X_CALLBACK_NOT_APPROVED", "DEVELOPER"),
    Row(416, .failedPrecondition, "X_APP_SUSPENDED", "DEVELOPER"),
    Row(417, .failedPrecondition, "X_APP_PIN_ONLY", "DEVELOPER"),
    Row(88, .resourceExhausted, "X_RATE_LIMITED", "PROVIDER"),
    Row(64, .failedPrecondition, "ACCOUNT_LOCKED", "END_USER"),
    Row(326, .failedPrecondition, "ACCOUNT_LOCKED", "END_USER"),
    Row(130, .unavailable, "PROVIDER_UNAVAILABLE", "PROVIDER"),
    Row(131, .unavailable, "PROVIDER_UNAVAILABLE", "PROVIDER"),
    Row(226, .failedPrecondition, "X_REFUSED", "DEVELOPER"),
  ]
}

@Suite struct `Failures at X` {
  @Test(arguments: Row.all, [ErrorFormat.json, .xml, .plain])
  func `every error of X has its code, reason and actor`(_ row: Row, _ format: ErrorFormat)
    async throws
  {
    let world = World()
    let client = try await world.client()
    let fault = Fault(.error(try #require(XError.withCode(row.code)), format))
    // Twice, because a clock is corrected once.
    world.x.withPlatform { $0.fail(.requestToken, fault, times: 2) }
    let error = try await error { () throws(RPCError) in try await client.start() }
    #expect(error.code == row.status)
    #expect(error.reason == row.reason)
    #expect(error.actor == row.actor)
    #expect(error.details(of: ErrorInfo.self).first?.domain == "link.v1")
  }

  @Test func `a callback that is not approved is named to the letter`() async throws {
    let client = try await World().client()
    var request = StartLinkRequest.good
    request.returnMethod = .callbackURL(App.builtInCallback + "/")
    let error = try await error { () throws(RPCError) in try await client.start(request) }
    let info = try #require(error.details(of: ErrorInfo.self).first)
    #expect(info.reason == "X_CALLBACK_NOT_APPROVED")
    #expect(info.metadata["callback_url"] == App.builtInCallback + "/")
    #expect(error.details(of: Help.self).first?.links.first?.url.hasPrefix("https://") == true)
  }

  @Test func `a rate limit says how long to wait`() async throws {
    let world = World()
    let client = try await world.client()
    let fault = Fault(.error(try #require(XError.withCode(88)), .json))
    world.x.withPlatform { $0.fail(.requestToken, fault) }
    let error = try await error { () throws(RPCError) in try await client.start() }
    let delay = try #require(error.details(of: RetryInfo.self).first?.retryDelay)
    #expect((1...900).contains(delay.seconds))
  }

  @Test func `a wrong clock is corrected by X's and the link begins`() async throws {
    let world = World()
    let client = try await world.client()
    world.x.withPlatform { $0.configuration.settings.clockOffset = 7200 }
    #expect(try await client.link().linked.screenName == "alice")
  }

  @Test func `an answer that never comes leaves the link's outcome unknown`() async throws {
    let world = World()
    let client = try await world.client()
    var request = client.approve(try await client.start())
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    world.x.withPlatform { $0.fail(.accessToken, .lost) }
    for _ in 0..<2 {
      let error = try await error { () throws(RPCError) in try await client.complete(request) }
      #expect(error.code == .aborted)
      #expect(error.reason == "LINK_OUTCOME_UNKNOWN")
    }
    #expect(world.x.withPlatform { $0.calls[.accessToken] } == 1)
  }

  @Test(arguments: [130, 88])
  func `a pause of X's leaves the link as it was`(_ code: Int) async throws {
    let world = World()
    let client = try await world.client()
    let request = client.approve(try await client.start())
    let fault = Fault(.error(try #require(XError.withCode(code)), .json))
    world.x.withPlatform { $0.fail(.accessToken, fault) }
    _ = try await error { () throws(RPCError) in try await client.complete(request) }
    #expect(try await client.complete(request).linked.screenName == "alice")
  }

  @Test func `a verifier that X refuses ends the link, and a repeat is told the same`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    var request = client.approve(try await client.start())
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    let fault = Fault(.error(try #require(XError.withCode(32)), .json))
    world.x.withPlatform { $0.fail(.accessToken, fault) }
    let first = try await error { () throws(RPCError) in try await client.complete(request) }
    let again = try await error { () throws(RPCError) in try await client.complete(request) }
    #expect(first.reason == "X_BAD_CONSUMER_KEYS")
    #expect(again.details == first.details)
    #expect(again.message == first.message)
  }

  @Test func `a store that cannot write acknowledges nothing`() async throws {
    let world = World()
    let client = try await world.client()
    let request = client.approve(try await client.start())
    world.store.fail(.failed)
    let error = try await error { () throws(RPCError) in try await client.complete(request) }
    #expect(error.code == .unavailable)
    #expect(error.actor == "OPERATOR")
    #expect(world.x.withPlatform { $0.calls[.accessToken] ?? 0 } == 0)
    world.store.fail(nil)
    #expect(try await client.complete(request).linked.screenName == "alice")
  }
}
