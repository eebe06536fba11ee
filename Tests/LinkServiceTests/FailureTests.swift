import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Testing

@Suite struct `Failures at X` {
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

  @Test(arguments: [503, 429])
  func `a pause of X's leaves the link as it was`(_ status: Int) async throws {
    let world = World()
    let client = try await world.client()
    let request = client.approve(try await client.start())
    let answer = Answer(
      status, type: "text/plain", "no",
      headers: [Header("x-rate-limit-reset", "\(world.time.now + 60)")])
    world.x.withPlatform { $0.fail(.accessToken, Fault(.answer(answer))) }
    _ = try await error { () throws(RPCError) in try await client.complete(request) }
    world.time.advance(by: 60)
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
