import Foundation
import OAuth
import OpenSSL
import Testing

@Suite struct `OAuth 2.0 with PKCE` {
  private static let flow = AuthorizationCodeFlow(
    provider: .x,
    client: Credentials(identifier: "s6BhdRkqt3", secret: Secret("7Fjfp0ZBr1KtDRbnfVdmIw")))
  private static let verifier = CodeVerifier(
    Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
  private static let state = String(repeating: "5", count: 64)

  @Test func `a verifier and its challenge are those of RFC 7636 appendix B`() throws {
    let entropy: [UInt8] = [
      116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77,
      105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ]
    let made = try CodeVerifier(entropy: entropy)
    #expect(made.secret.matches("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
    #expect(made.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    #expect(throws: OAuthError.self) { try CodeVerifier(entropy: [UInt8](repeating: 1, count: 31)) }
    #expect(!"\(made)".contains("dBjf"))
  }

  @Test func `the browser is sent to X with everything and with no secret`() throws {
    let url = try Self.flow.consentURL(
      redirectURI: "https://app.example/x/callback?a=b", scopes: ["tweet.read", "users.read"],
      state: Self.state, verifier: Self.verifier)
    #expect(
      url == "https://x.com/i/oauth2/authorize?response_type=code&client_id=s6BhdRkqt3"
        + "&redirect_uri=https%3A%2F%2Fapp.example%2Fx%2Fcallback%3Fa%3Db"
        + "&scope=tweet.read%20users.read&state=\(Self.state)"
        + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256")
  }

  @Test(arguments: [
    "", "short", String(repeating: "a", count: 501), String(repeating: " ", count: 40),
  ])
  func `a state must be one that cannot be guessed`(_ state: String) {
    #expect(throws: OAuthError.self) {
      try Self.flow.consentURL(
        redirectURI: "https://a.example/", scopes: [], state: state, verifier: Self.verifier)
    }
  }

  @Test func `a confidential client authenticates as in RFC 6749 section 4.1.3`() throws {
    let request = try Self.flow.tokens(
      for: "SplxlOBeZQQYbYS6WxSbIA", redirectURI: "https://client.example.com/cb",
      verifier: Self.verifier
    ).request(stamp: try .any)
    #expect(request.url == "https://api.x.com/2/oauth2/token")
    #expect(
      request.headers.first { $0.name == "Authorization" }?.value
        == "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3")
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA"
        + "&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb"
        + "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
  }

  @Test func `a public client names itself and shows no secret`() throws {
    let flow = AuthorizationCodeFlow(
      provider: .x, client: Credentials(identifier: "native", secret: Secret("")))
    let request = try flow.renewal(of: Secret("r1")).request(stamp: try .any)
    #expect(!request.headers.contains { $0.name == "Authorization" })
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "grant_type=refresh_token&refresh_token=r1&client_id=native")
  }

  @Test func `the tokens are those of RFC 6749 section 5_1`() throws {
    let grant = try Self.tokens(
      """
      {"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example-Bearer"}
      """.replacing("example-", with: ""))
    #expect(grant.accessToken.matches("2YotnFZFEjr1zCsicMWpAA"))
    #expect(grant.refreshToken == nil && grant.lifetime == nil && grant.scopes == nil)
    let full = try Self.tokens(
      """
      {"access_token":"a","token_type":"bearer","expires_in":7200,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"users.read tweet.read"}
      """)
    #expect(full.refreshToken?.matches("tGzv3JOkF0XG5Qx2TlKWIA") == true)
    #expect(full.lifetime == 7200)
    #expect(full.scopes == ["users.read", "tweet.read"])
    #expect("\(full)".contains("***") && !"\(full)".contains("tGzv3JOkF0XG5Qx2TlKWIA"))
  }

  @Test(arguments: [
    "", "access_token=a&token_type=bearer", "{}", #"{"access_token":"a"}"#,
    #"{"access_token":"a","token_type":"mac"}"#, #"{"access_token":"","token_type":"bearer"}"#,
    #"{"access_token":"a b","token_type":"bearer"}"#, #"{"access_token":7,"token_type":"bearer"}"#,
    #"{"access_token":"a\r\nb","token_type":"bearer"}"#,
    #"{"access_token":"a","token_type":"bearer","refresh_token":""}"#,
    #"{"access_token":"a","access_token":"b","token_type":"bearer"}"#,
  ])
  func `an answer without a good token is none`(_ body: String) {
    #expect(throws: ProviderFailure.self) { try Self.tokens(body) }
  }

  private static func tokens(_ body: String) throws -> TokenGrant {
    try flow.renewal(of: Secret("r")).value(of: .json(200, body), at: 0)
  }

  @Test(arguments: [
    (
      400, "invalid_grant", "", ProviderFailure.Kind.verifierRejected,
      ProviderFailure.Kind.tokenRejected
    ),
    (401, "invalid_client", "", .badConsumerKeys, .badConsumerKeys),
    (
      401, "unauthorized_client", "Missing valid authorization header", .badConsumerKeys,
      .badConsumerKeys
    ),
    (400, "invalid_scope", "", .refused, .refused),
    (
      400, "invalid_request", "Value passed for the authorization code was invalid.",
      .verifierRejected,
      .verifierRejected
    ),
    (
      400, "invalid_request", "Value passed for the token was invalid.", .tokenRejected,
      .tokenRejected
    ),
    (400, "invalid_request", "something else", .refused, .refused),
    (503, "temporarily_unavailable", "", .unavailable, .unavailable),
    (429, "", "", .rateLimited, .rateLimited), (502, "", "", .unavailable, .unavailable),
  ])
  func `a refusal is understood by its name, by X's words or by its status`(
    _ status: Int, _ error: String, _ description: String, _ ofCode: ProviderFailure.Kind,
    _ ofRenewal: ProviderFailure.Kind
  ) throws {
    let body = error.isEmpty ? "" : #"{"error":"\#(error)","error_description":"\#(description)"}"#
    let answer = ProviderAnswer.json(status, body)
    let code = try Self.flow.tokens(for: "c", redirectURI: "https://a/", verifier: Self.verifier)
    let renewal = try Self.flow.renewal(of: Secret("r"))
    for (call, kind) in [(code, ofCode), (renewal, ofRenewal)] {
      let failure = #expect(throws: ProviderFailure.self) { try call.value(of: answer, at: 0) }
      #expect(failure?.kind == kind)
    }
  }

  @Test func `a token that is refused is gone`() throws {
    let call = try Self.flow.identity(of: Secret("t"))
    #expect(try call.request(stamp: try .any).headers.first?.value == "Bearer t")
    let failure = #expect(throws: ProviderFailure.self) {
      try call.value(of: .json(401, #"{"title":"Unauthorized","status":401}"#), at: 0)
    }
    #expect(failure?.kind == .tokenRejected)
  }

  @Test(arguments: [
    ("state=s&code=c", CodeOutcome.granted(state: "s", code: "c")),
    ("code=a%2Bb&state=s&other=1", .granted(state: "s", code: "a+b")),
    ("error=access_denied&state=s", .refused(state: "s", error: "access_denied")),
  ])
  func `a callback is a code or a refusal`(_ query: String, _ outcome: CodeOutcome) throws {
    #expect(try CodeOutcome(callbackQuery: query) == outcome)
  }

  @Test(arguments: [
    "", "code=c", "state=s", "state=s&code=", "state=s&code=c&error=e", "state=s&state=t&code=c",
    "state=s&code=c&code=d", "state=s&code=%zz",
  ])
  func `anything else is no callback of it`(_ query: String) {
    #expect(throws: OAuthError.self) { try CodeOutcome(callbackQuery: query) }
  }
}

/// A third provider of either kind is a value, and no code.
@Suite struct `A provider that nobody has written code for` {
  private static let forge: ProviderDescription = {
    var code = CodeProvider(
      authorizePath: "/login/oauth/authorize", tokenPath: "/login/oauth/access_token",
      identity: IdentityDescription(path: "/api/user", userID: ["id"], screenName: ["login"]))
    code.authorizeOrigin = "https://forge.example"
    code.writeScopes = ["repo"]
    code.failures.problems["bad_verification_code"] = .verifierRejected
    return ProviderDescription(origin: "https://api.forge.example", code: code)
  }()

  @Test func `of OAuth 2_0 is asked, and understood, by its description`() throws {
    let flow = AuthorizationCodeFlow(
      provider: Self.forge, client: Credentials(identifier: "id", secret: Secret("s")))
    let url = try flow.consentURL(
      redirectURI: "https://a.example/", scopes: ["user"],
      state: String(repeating: "s", count: 32),
      verifier: try CodeVerifier(entropy: [UInt8](repeating: 9, count: 32)))
    #expect(url.hasPrefix("https://forge.example/login/oauth/authorize?response_type=code&"))
    let identity = try flow.identity(of: Secret("t")).value(
      of: .json(200, #"{"login":"octo","id":583231}"#), at: 0)
    #expect((identity.userID, identity.screenName) == ("583231", "octo"))
    let failure = #expect(throws: ProviderFailure.self) {
      try flow.renewal(of: Secret("r")).value(of: .json(200, #"{"error":"x"}"#), at: 0)
    }
    #expect(failure?.kind == .malformedAnswer)
    #expect(throws: OAuthError.self) { try flow.revocation(of: Secret("r")) }
    #expect(Self.forge.code?.mayWrite(["repo"]) == true)
    #expect(Self.forge.code?.mayWrite(["user"]) == false)
    let oldFlow = ThreeLeggedFlow(provider: Self.forge, client: flow.client)
    #expect(throws: OAuthError.self) { try oldFlow.requestToken(callback: .pin) }
  }

  @Test func `of OAuth 1_0a, too, and it need not offer the other`() throws {
    var photos = ProviderDescription(
      origin: "https://photos.example.net", requestTokenPath: "/initiate",
      authorizePath: "/authorize", accessTokenPath: "/token")
    photos.userIDField = "user_nsid"
    let client = Credentials(identifier: "k", secret: Secret("s"))
    let flow = ThreeLeggedFlow(provider: photos, client: client)
    let token = try flow.requestToken(callback: .pin).value(
      of: .json(200, "oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"), at: 0)
    #expect(try flow.consentURL(for: token) == "https://photos.example.net/authorize?oauth_token=t")
    let grant = try flow.accessToken(for: token, verifier: "v").value(
      of: .json(200, "oauth_token=a&oauth_token_secret=b&user_nsid=21207597%40N07"), at: 0)
    #expect(grant.userID == "21207597@N07")
    let other = AuthorizationCodeFlow(provider: photos, client: client)
    #expect(throws: OAuthError.self) { try other.renewal(of: Secret("r")) }
  }
}

extension ProviderAnswer {
  fileprivate static func json(_ status: Int, _ body: String) -> ProviderAnswer {
    ProviderAnswer(status: status, headers: [], body: Array(body.utf8))
  }
}

extension Stamp {
  fileprivate static var any: Stamp {
    get throws { Stamp(nonce: try Nonce("n"), timestamp: 1) }
  }
}
