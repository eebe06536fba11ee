import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Testing

/// A key pair, and what is found about it.
struct KeyCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let app: App
  var pin = false
  let verdict: KeyVerdict
  let outcomes: [KeyCheck: KeyOutcome]
  var reason: ErrorReason?

  private static let wrongSecret: App = {
    var app = App.good
    app.secret = "not the secret"
    return app
  }()

  static let all = [
    KeyCase(
      testDescription: "a good pair", app: .good, verdict: .usable,
      outcomes: [
        .keyPair: .passed, .clock: .passed, .callback: .passed, .appStanding: .passed,
        .appType: .passed, .enrolment: .unknown,
      ]),
    KeyCase(
      testDescription: "a wrong secret", app: wrongSecret, verdict: .notUsable,
      outcomes: [.keyPair: .failed, .callback: .unknown], reason: .xBadConsumerKeys),
    KeyCase(
      testDescription: "a suspended app", app: .suspended, verdict: .notUsable,
      outcomes: [.keyPair: .unknown, .appStanding: .failed], reason: .xAppSuspended),
    KeyCase(
      testDescription: "an app without callback", app: .pinOnly, verdict: .notUsable,
      outcomes: [.keyPair: .passed, .appType: .failed], reason: .xAppPinOnly),
    KeyCase(
      testDescription: "an app without callback in PIN mode", app: .pinOnly, pin: true,
      verdict: .usable, outcomes: [.callback: .notApplicable, .appType: .passed]),
    KeyCase(
      testDescription: "another callback", app: .otherCallback, verdict: .notUsable,
      outcomes: [.keyPair: .passed, .callback: .failed], reason: .xCallbackNotApproved),
  ]
}

@Suite struct `Examining keys` {
  private func request(_ app: App, pin: Bool = false) -> ValidateKeysRequest {
    var request = ValidateKeysRequest()
    request.provider = .x
    var keys = ConsumerKeys()
    keys.consumerKey = app.key
    keys.consumerSecret = app.secret.replacing(" ", with: "_")
    request.keySource = .keys(keys)
    request.returnMethod = pin ? .pin(PinEntry()) : .callbackURL(App.builtInCallback)
    return request
  }

  @Test(arguments: KeyCase.all)
  func `what is wrong with a key pair is found and named`(_ item: KeyCase) async throws {
    let client = try await World().client()
    let response = try await client.rpc.validateKeys(
      request(item.app, pin: item.pin), options: client.options)
    #expect(response.verdict == item.verdict)
    #expect(response.findings.map(\.check.rawValue) == [1, 2, 3, 4, 5, 6, 7])
    for finding in response.findings {
      if let outcome = item.outcomes[finding.check] { #expect(finding.outcome == outcome) }
      #expect(!finding.summary.isEmpty)
    }
    let failed = response.findings.filter { $0.outcome == .failed }
    #expect(failed.map(\.reason) == (item.reason.map { [$0] } ?? []))
    #expect(failed.allSatisfy { $0.actor == .developer && !$0.action.isEmpty })
  }

  @Test func `an app outside X's package can link and is told what will fail`() async throws {
    let client = try await World().client()
    let response = try await client.rpc.validateKeys(
      request(.notEnrolled), options: client.options)
    #expect(response.verdict == .usable)
    let enrolment = try #require(response.findings.first { $0.check == .enrolment })
    #expect(enrolment.outcome == .failed)
    #expect(enrolment.reason == .xAppNotEnrolled)
  }

  @Test func `a pair that is one, but of the wrong type of app, is told from a wrong pair`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    let fault = Fault(.error(try #require(XError.withCode(32)), .plain))
    world.x.withPlatform { $0.fail(.requestToken, fault) }
    let response = try await client.rpc.validateKeys(request(.good), options: client.options)
    #expect(response.verdict == .notUsable)
    let failed = response.findings.filter { $0.outcome == .failed }
    #expect(failed.map(\.check) == [.appType])
    #expect(failed.map(\.reason) == [.xBadConsumerKeys])
    #expect(response.findings.first?.outcome == .passed)
  }

  @Test func `the same question is asked once, and a tenant's questions have an end`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    let ask = { (client: Client) async throws(RPCError) in
      try await client.rpc.validateKeys(request(.good), options: client.options)
    }
    let first = try await ask(client)
    #expect(try await ask(client) == first)
    #expect(world.x.withPlatform { $0.calls[.requestToken] } == 1)
    for _ in 1..<30 {
      world.time.advance(by: 10)
      _ = try await ask(client)
    }
    world.time.advance(by: 10)
    let error = try await error { () throws(RPCError) in try await ask(client) }
    #expect(error.code == .resourceExhausted)
    #expect(error.reason == "ASKED_TOO_OFTEN")
    #expect(error.details(of: RetryInfo.self).first?.retryDelay?.seconds == 600)
    // X gives an app one token of its own: it was asked for once.
    #expect(world.x.withPlatform { $0.calls[.bearerToken] } == 1)
    _ = try await ask(try await world.client(tenant: "other"))
    world.time.advance(by: 600)
    _ = try await ask(client)
  }

  @Test func `a tenant cannot try out keys, and takes nothing from another`() async throws {
    let world = World()
    let client = try await world.client()
    let other = try await world.client(tenant: "other")
    _ = try await other.rpc.validateKeys(request(.good), options: other.options)
    var guess = App.good
    for number in 0..<300 {
      guess.key = "key\(number)"
      _ = try await client.rpc.validateKeys(request(guess), options: client.options)
    }
    guess.key = "another"
    let error = try await error { [guess] () throws(RPCError) in
      try await client.rpc.validateKeys(request(guess), options: client.options)
    }
    #expect(error.reason == "ASKED_TOO_OFTEN")
    #expect(error.details(of: RetryInfo.self).first?.retryDelay?.seconds == 900)
    // The other tenant's answer is still known.
    let calls = world.x.withPlatform { $0.calls[.requestToken] }
    _ = try await other.rpc.validateKeys(request(.good), options: other.options)
    #expect(world.x.withPlatform { $0.calls[.requestToken] } == calls)
  }

  @Test func `a good pair whose app is suspended is told from a key that belongs to none`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    let fault = Fault(.error(try #require(XError.withCode(416)), .json))
    world.x.withPlatform { $0.fail(.requestToken, fault) }
    let response = try await client.rpc.validateKeys(request(.good), options: client.options)
    #expect(response.verdict == .notUsable)
    // X has given the app a token of its own.
    #expect(response.findings.first?.outcome == .passed)
    #expect(response.findings.filter { $0.outcome == .failed }.map(\.check) == [.appStanding])
  }

  @Test func `a clock that X does not accept at all is wrong by so many seconds`() async throws {
    let world = World()
    let client = try await world.client()
    world.x.withPlatform { $0.configuration.settings.clockOffset = 7200 }
    let fault = Fault(.error(try #require(XError.withCode(135)), .json))
    world.x.withPlatform { $0.fail(.requestToken, fault, times: 2) }
    let response = try await client.rpc.validateKeys(request(.good), options: client.options)
    #expect(response.verdict == .notUsable)
    let clock = try #require(response.findings.first { $0.check == .clock })
    #expect(clock.outcome == .failed)
    #expect(clock.summary == "The clock of linkd is 7200 s behind X's.")
  }

  @Test func `the callback to paste is the one that was asked for`() async throws {
    let client = try await World().client()
    let response = try await client.rpc.validateKeys(
      request(.otherCallback), options: client.options)
    #expect(response.findings.first { $0.outcome == .failed }?.paste == App.builtInCallback)
  }

  @Test func `a wrong clock is a finding, and the pair can still be used`() async throws {
    let world = World()
    let client = try await world.client()
    world.x.withPlatform { $0.configuration.settings.clockOffset = 7200 }
    let response = try await client.rpc.validateKeys(request(.good), options: client.options)
    #expect(response.verdict == .usable)
    let clock = try #require(response.findings.first { $0.check == .clock })
    #expect(clock.outcome == .failed)
    #expect(clock.actor == .operator)
    #expect(clock.summary == "The clock of linkd is 7200 s behind X's.")
  }

  @Test func `an X that does not answer is an error and not a finding`() async throws {
    let world = World()
    let client = try await world.client()
    world.x.withPlatform { $0.fail(.requestToken, .hung) }
    let error = try await error { () throws(RPCError) in
      try await client.rpc.validateKeys(request(.good), options: client.options)
    }
    #expect(error.code == .unavailable)
    #expect(error.reason == "PROVIDER_UNAVAILABLE")
  }
}
