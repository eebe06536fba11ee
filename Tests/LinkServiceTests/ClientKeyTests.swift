import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Testing

/// A pair, the method that it is asked about for, and what is found.
struct ClientCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var method = LinkMethod.oauth2
  let id: String
  let secret: String
  let verdict: KeyVerdict
  let outcomes: [KeyCheck: KeyOutcome]
  /// Part of what is said of the pair.
  var words = ""

  private static let app = App.good
  private static let nativeID = App.publicClient.clientID ?? ""

  static let all = [
    ClientCase(
      testDescription: "a good client", id: app.clientID ?? "", secret: app.clientSecret ?? "",
      verdict: .usable,
      outcomes: [
        .keyPair: .passed, .clock: .passed, .callback: .unknown, .appStanding: .unknown,
        .appType: .passed, .enrolment: .unknown, .permissions: .notApplicable,
      ]),
    ClientCase(
      testDescription: "a wrong secret", id: app.clientID ?? "", secret: "wrong",
      verdict: .notUsable, outcomes: [.keyPair: .failed, .appType: .unknown],
      words: "the client id or the client secret is wrong"),
    ClientCase(
      testDescription: "the pair of OAuth 1.0a", id: app.key, secret: app.secret,
      verdict: .notUsable, outcomes: [.keyPair: .failed], words: "which are for OAuth 1.0a"),
    ClientCase(
      testDescription: "the client, asked about for OAuth 1.0a", method: .oauth1,
      id: app.clientID ?? "", secret: app.clientSecret ?? "", verdict: .notUsable,
      outcomes: [.keyPair: .failed], words: "which are for OAuth 2.0"),
    ClientCase(
      testDescription: "a client without a secret", id: nativeID, secret: "", verdict: .undecided,
      outcomes: [.keyPair: .unknown, .appType: .unknown], words: "need not look"),
    ClientCase(
      testDescription: "a secret of a client that has none", id: nativeID, secret: "invented",
      verdict: .notUsable, outcomes: [.keyPair: .failed]),
    ClientCase(
      testDescription: "an unknown client without a secret", id: "nobody", secret: "",
      verdict: .notUsable, outcomes: [.keyPair: .failed]),
  ]
}

@Suite struct `Examining a client of OAuth 2_0` {
  private func request(
    _ id: String = App.good.clientID ?? "", _ secret: String = App.good.clientSecret ?? "",
    _ method: LinkMethod = .oauth2
  ) -> ValidateKeysRequest {
    var request = ValidateKeysRequest()
    (request.provider, request.linkMethod) = (.x, method)
    var keys = ConsumerKeys()
    (keys.consumerKey, keys.consumerSecret) = (id, secret)
    request.keySource = .keys(keys)
    request.returnMethod = .callbackURL(App.builtInCallback)
    return request
  }

  @Test(arguments: ClientCase.all)
  func `what is wrong with it is found and named`(_ item: ClientCase) async throws {
    let world = World()
    let client = try await world.client()
    let response = try await client.rpc.validateKeys(
      request(item.id, item.secret, item.method), options: client.options)
    #expect(response.verdict == item.verdict)
    #expect(response.findings.map(\.check.rawValue) == [1, 2, 3, 4, 5, 6, 7])
    for finding in response.findings {
      if let outcome = item.outcomes[finding.check] { #expect(finding.outcome == outcome) }
      #expect(!finding.summary.isEmpty)
    }
    let failed = response.findings.filter { $0.outcome == .failed }
    #expect(failed.allSatisfy { $0.reason == .xBadConsumerKeys && $0.actor == .developer })
    #expect(failed.allSatisfy { !$0.action.isEmpty && !$0.helpURL.isEmpty })
    let pair = response.findings.first?.summary ?? ""
    #expect(item.words.isEmpty || pair.contains(item.words), "\(pair)")
    // Nothing that costs, and nothing that a user would see.
    let calls = world.x.withPlatform { $0.calls }
    #expect(calls[.usersMe] == nil && calls[.codeAuthorize] == nil)
  }

  @Test func `the callback, at which X has not looked, is there to compare`() async throws {
    let client = try await World().client()
    let response = try await client.rpc.validateKeys(request(), options: client.options)
    let callback = try #require(response.findings.first { $0.check == .callback })
    #expect(callback.paste == App.builtInCallback)
  }

  @Test func `there is no PIN by OAuth 2.0`() async throws {
    let client = try await World().client()
    var request = request()
    request.returnMethod = .pin(PinEntry())
    let error = try await error { () throws(RPCError) in
      try await client.rpc.validateKeys(request, options: client.options)
    }
    #expect(error.details(of: BadRequest.self).first?.fieldViolations.map(\.field) == ["pin"])
  }

  @Test func `an X that does not answer, or is full, is an error and not a finding`() async throws {
    let world = World()
    let client = try await world.client()
    for (fault, code) in [
      (Fault.hung, StatusCode.unavailable), (.garbage, .unavailable),
      (Fault(.error(try #require(XError.withCode(88)), .json)), .resourceExhausted),
    ] {
      world.x.withPlatform { $0.fail(.codeToken, fault) }
      let error = try await error { () throws(RPCError) in
        try await client.rpc.validateKeys(request(), options: client.options)
      }
      #expect(error.code == code)
    }
  }

  @Test func `a key set is asked about for its own method`() async throws {
    let client = try await World().client()
    var put = PutKeySetRequest()
    (put.name, put.provider, put.linkMethod) = ("keySets/two", .x, .oauth2)
    put.keys = ConsumerKeys(client: .good)
    _ = try await client.rpc.putKeySet(put, options: client.options)
    var request = request()
    request.keySource = .keySet("keySets/two")
    #expect(
      try await client.rpc.validateKeys(request, options: client.options).verdict == .usable)
    request.linkMethod = .unspecified
    let error = try await error { () throws(RPCError) in
      try await client.rpc.validateKeys(request, options: client.options)
    }
    #expect(error.reason == "KEY_SET_NOT_FOUND")
  }

  @Test func `what one method has found is not told of the other`() async throws {
    let world = World()
    let client = try await world.client()
    let (id, secret) = (App.good.clientID ?? "", App.good.clientSecret ?? "")
    for method in [LinkMethod.oauth2, .oauth1, .oauth2] {
      let response = try await client.rpc.validateKeys(
        request(id, secret, method), options: client.options)
      #expect(response.verdict == (method == .oauth2 ? .usable : .notUsable))
    }
    // The third one was known: the token endpoint was asked once for each method.
    #expect(world.x.withPlatform { $0.calls[.codeToken] } == 2)
    #expect(world.service.providerUsage.totals[.codeRecognition] == 2)
  }
}
