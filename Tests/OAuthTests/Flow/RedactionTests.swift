import OAuth
import Testing

@Suite("Secrets in text (T109)")
struct RedactionTests {
  /// Everything that holds a secret, made with one that is easily found.
  private static func holders() throws -> [(String, Any)] {
    let credentials = Credentials(identifier: "CANARYid", secret: Secret("CANARY"))
    let flow = ThreeLeggedFlow(provider: .x, client: credentials)
    let request = RequestToken(credentials: credentials)
    let call = try flow.accessToken(for: request, verifier: "CANARY")
    let prepared = try call.request(stamp: Sample.stamp())
    let grant = try call.value(
      of: Sample.answer("oauth_token=CANARY&oauth_token_secret=CANARY"), at: 0)
    let codeFlow = AuthorizationCodeFlow(provider: .x, client: credentials)
    let verifier = CodeVerifier(Secret("CANARY"))
    let exchange = try codeFlow.tokens(
      for: "CANARY", redirectURI: "https://a.example/", verifier: verifier)
    let tokens = try exchange.value(
      of: Sample.answer(
        #"{"token_type":"bearer","access_token":"CANARY","refresh_token":"CANARY"}"#), at: 0)
    return [
      ("CodeVerifier", verifier), ("AuthorizationCodeFlow", codeFlow), ("TokenGrant", tokens),
      ("CodeOutcome", CodeOutcome.granted(state: "CANARY", code: "CANARY")),
      ("the code's ProviderCall", exchange),
      ("the code's PreparedRequest", try exchange.request(stamp: Sample.stamp())),
      ("Secret", Secret("CANARY")), ("Credentials", credentials),
      ("Signer", Signer(client: credentials, token: credentials)), ("ThreeLeggedFlow", flow),
      ("RequestToken", request), ("AccessGrant", grant), ("ProviderCall", call),
      ("PreparedRequest", prepared), ("Parameter", Parameter("oauth_verifier", "CANARY")),
      ("UserContext", UserContext(provider: .x, client: credentials, token: credentials)),
      ("ApplicationContext", ApplicationContext(provider: .x, client: credentials)),
      (
        "SignableRequest",
        SignableRequest(method: "GET", url: "a", body: .form([Parameter("a", "CANARY")]))
      ),
      ("AuthorizationHeader", try AuthorizationHeader(parsing: prepared.authorization)),
      (
        "ReceivedRequest",
        try ReceivedRequest(
          method: "POST", url: prepared.url, authorization: prepared.authorization,
          contentType: prepared.contentType, body: prepared.body)
      ),
      ("ProviderAnswer", Sample.answer("oauth_token_secret=CANARY")),
      ("ConsentOutcome", ConsentOutcome.granted(requestToken: "CANARY", verifier: "CANARY")),
    ]
  }

  @Test func `nothing that holds a secret shows it, however it is printed`() throws {
    for (name, holder) in try Self.holders() {
      var dumped = ""
      dump(holder, to: &dumped)
      let texts = [
        "\(holder)", String(describing: holder), String(reflecting: holder), "\([holder])",
        "\(Optional(holder) as Any)", dumped,
      ]
      for text in texts {
        // Or as the numbers of its bytes.
        let shows = ["CANARY", "67, 65, 78", "- 67\n"].contains { text.contains($0) }
        #expect(!shows, "\(name): \(text)")
      }
    }
  }

  @Test func `a failure to read an answer does not quote it`() throws {
    let call = try Sample.flow.requestToken(callback: .pin)
    for body in ["oauth_token_secret=CANARY", "oauth_token=CANARY&oauth_token=CANARY", "CANARY%"] {
      let failure = try #require(throws: ProviderFailure.self) {
        try call.value(of: Sample.answer(body), at: 0)
      }
      #expect(!"\(failure)".contains("CANARY"))
    }
  }
}
