import OAuth
import Testing

private let confirmed = "&oauth_callback_confirmed=true"
private let pair = "oauth_token=t&oauth_token_secret=s"

private let longToken = "oauth_token=" + String(repeating: "a", count: 2_000) + confirmed

private let malformed: [(body: String, why: String)] = [
  ("", "oauth_callback_confirmed"), (pair, "oauth_callback_confirmed"),
  ("\(pair)&oauth_callback_confirmed=false", "oauth_callback_confirmed"),
  ("\(pair)&oauth_callback_confirmed=True", "oauth_callback_confirmed"),
  ("\(pair)&oauth_callback_confirmed=", "oauth_callback_confirmed"),
  ("oauth_token=t\(confirmed)", "oauth_token_secret"),
  ("oauth_token_secret=s\(confirmed)", "oauth_token"),
  ("oauth_token=&oauth_token_secret=s\(confirmed)", "oauth_token"),
  ("\(pair)\(confirmed)&oauth_token=other", "twice"), ("\(pair)\(confirmed)&a=1&a=1", "twice"),
  ("\(pair)\(confirmed)\n", "form"), ("oauth_token=%zz&oauth_token_secret=s", "form"),
  ("oauth_token=%ff&oauth_token_secret=s\(confirmed)", "form"),
  ("oauth_token=%0A&oauth_token_secret=s\(confirmed)", "oauth_token"),
  (
    longToken, "long"
  ),
  ("<html><body>Something went wrong</body></html>", "form"),
  (#"{"oauth_token":"t","oauth_token_secret":"s"}"#, "oauth_callback_confirmed"),
  (String(repeating: "a", count: 1_000_000), "bytes"),
  (String(repeating: "a&", count: 1_000), "form"),
]

@Suite("Answers of the three legs (T106)")
struct AnswerTests {
  @Test func `the answers that X documents are understood`() throws {
    let first = try Sample.flow.requestToken(callback: .pin).value(
      of: Sample.answer(
        "oauth_token=NPcudxy0yU5T3tBzho7iCotZ3cnetKwcTIRlX0iwRl0&oauth_token_secret="
          + "veNRnAWe6inFuo8o2u8SLLZLjolYDmDP7SzL0YfYI" + confirmed), at: 0)
    #expect(first.credentials.identifier == "NPcudxy0yU5T3tBzho7iCotZ3cnetKwcTIRlX0iwRl0")
    #expect(first.credentials.secret.matches("veNRnAWe6inFuo8o2u8SLLZLjolYDmDP7SzL0YfYI"))
    let last = try Sample.flow.accessToken(for: first, verifier: "1").value(
      of: Sample.answer(pair + "&user_id=38895958&screen_name=theSeanCook"), at: 0)
    #expect(last.userID == "38895958" && last.screenName == "theSeanCook")
    #expect(last.credentials.identifier == "t" && last.credentials.secret.matches("s"))
  }

  @Test(arguments: malformed.indices)
  func `an answer of status 200 that is not one is malformed, and it says why`(
    _ row: Int
  ) throws {
    let (body, why) = malformed[row]
    let call = try Sample.flow.requestToken(callback: .pin)
    let failure = try #require(throws: ProviderFailure.self) {
      try call.value(of: Sample.answer(body), at: 0)
    }
    #expect(failure.kind == .malformedAnswer)
    #expect(failure.message.contains(why), "\(failure.message)")
  }

  @Test(arguments: [201, 204, 301, 302, 303, 307, 308, 100, 0, -1, 999])
  func `no other status is a success, whatever the body says`(_ status: Int) throws {
    let call = try Sample.flow.requestToken(callback: .pin)
    let failure = try #require(throws: ProviderFailure.self) {
      try call.value(of: Sample.answer(status, pair + confirmed), at: 0)
    }
    #expect(failure.kind == .malformedAnswer && failure.status == status)
  }

  @Test func `an answer cut anywhere is malformed`() throws {
    let call = try Sample.flow.requestToken(callback: .pin)
    let whole = Array((pair + confirmed).utf8)
    for length in 0..<whole.count {
      let answer = ProviderAnswer(status: 200, headers: [], body: Array(whole.prefix(length)))
      #expect(throws: ProviderFailure.self) { try call.value(of: answer, at: 0) }
    }
  }

  @Test func `an access token without the user's names is still one`() throws {
    let call = try Sample.flow.accessToken(for: Sample.requestToken, verifier: "1")
    let grant = try call.value(of: Sample.answer(pair), at: 0)
    #expect(grant.userID == nil && grant.screenName == nil)
    #expect(throws: ProviderFailure.self) {
      try call.value(of: Sample.answer(pair + "&user_id="), at: 0)
    }
  }

  @Test func `a returned token is ours only to the byte`() {
    let token = RequestToken(
      credentials: Credentials(identifier: "é1", secret: Secret("s")))
    #expect(token.isNamed(by: "é1"))
    for other in ["e\u{301}1", "é", "é1 ", "É1", ""] { #expect(!token.isNamed(by: other)) }
  }

  @Test func `a callback says yes or no or nothing`() throws {
    #expect(
      try ConsentOutcome(callbackQuery: "oauth_token=a%2Bb&oauth_verifier=c&other=1")
        == .granted(requestToken: "a+b", verifier: "c"))
    #expect(try ConsentOutcome(callbackQuery: "denied=a") == .denied(requestToken: "a"))
    for query in [
      "", "oauth_token=a", "oauth_verifier=a", "denied=", "denied=a&oauth_verifier=b",
      "denied=a&denied=b", "oauth_token=a&oauth_token=b&oauth_verifier=c", "oauth_token=%",
    ] {
      #expect(throws: OAuthError.self) { try ConsentOutcome(callbackQuery: query) }
    }
  }
}

@Suite("Answers to calls for a user or an app")
struct IdentityTests {
  @Test func `verify_credentials names the user and what the token may do`() throws {
    let body =
      #"{"id":9223372036854775807,"id_str":"9223372036854775807","name":"A \u00e9 \ud83d\ude00","screen_name":"a","profile_image_url_https":"https:\/\/pbs.example\/a.png","entities":{"x":[1,-2.5e+3,null,true,false,{}]}}"#
    for (header, access) in [
      ("read", GrantedAccess.read), ("read-write", .readWrite),
      ("read-write-directmessages", .directMessages),
    ] {
      let identity = try Sample.user.verifyCredentials().value(
        of: Sample.answer(200, body, [("X-Access-Level", header)]), at: 0)
      #expect(identity.userID == "9223372036854775807" && identity.screenName == "a")
      #expect(identity.name == "A é 😀")
      #expect(identity.profileImageURL == "https://pbs.example/a.png")
      #expect(identity.accessLevel == access)
    }
  }

  @Test func `users me names the user inside data`() throws {
    let identity = try Sample.user.usersMe().value(
      of: Sample.answer(#" {"data":{"id":"2244994945","name":"X Dev","username":"XDevelopers"}} "#),
      at: 0)
    #expect(identity.userID == "2244994945" && identity.screenName == "XDevelopers")
    #expect(identity.accessLevel == nil && identity.profileImageURL == nil)
  }

  @Test(arguments: [
    "", "[]", "null", "{}", #"{"data":null}"#, #"{"data":{"id":1,"username":"a"}}"#,
    #"{"data":{"id":"1"}}"#, #"{"data":{"id":"","username":"a"}}"#,
    #"{"data":{"id":"1","username":"a"}"#, #"{"data":{"id":"1","username":"a"}}}"#,
    #"{"data":{"id":"1","id":"2","username":"a"}}"#, #"{"data":{"id":"1","username":"a\u000a"}}"#,
    #"{"data":{"id":"1","username":"a",}}"#, #"{"data":{"id":"1","username":"\ud800"}}"#,
    #"{'data':{}}"#, #"{"data":{"id":"1","username":"a"},"n":01}"#,
    String(repeating: "[", count: 60_000), String(repeating: #"{"a":"#, count: 10_000),
  ])
  func `what is not that is malformed`(_ body: String) throws {
    let call = try Sample.user.usersMe()
    #expect { try call.value(of: Sample.answer(body), at: 0) } throws: {
      ($0 as? ProviderFailure)?.kind == .malformedAnswer
    }
  }

  @Test func `an ended token must be ours`() throws {
    let call = try Sample.user.invalidateToken()
    try call.value(of: Sample.answer(#"{"access_token":"6253282-token"}"#), at: 0)
    #expect(throws: ProviderFailure.self) {
      try call.value(of: Sample.answer(#"{"access_token":"6253282-other"}"#), at: 0)
    }
  }

  @Test func `a bearer token is one of type bearer`() throws {
    let call = try ApplicationContext(provider: .x, client: Sample.client).bearerToken()
    let token = try call.value(
      of: Sample.answer(#"{"token_type":"bearer","access_token":"AAAA%2F"}"#), at: 0)
    #expect(token.matches("AAAA%2F"))
    for body in [#"{"access_token":"A"}"#, #"{"token_type":"mac","access_token":"A"}"#] {
      #expect(throws: ProviderFailure.self) { try call.value(of: Sample.answer(body), at: 0) }
    }
  }
}
