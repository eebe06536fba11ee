import OAuth
import Testing

/// The application and the answers of X's documentation.
enum Sample {
  static let client = Credentials(
    identifier: "cChZNFj6T5R0TigYB9yd1w",
    secret: Secret("L8qq9PZyRg6ieKGEKhZolGC0vJWLw8iEJ88DRdyOg"))
  static let requestToken = RequestToken(
    credentials: Credentials(
      identifier: "NPcudxy0yU5T3tBzho7iCotZ3cnetKwcTIRlX0iwRl0",
      secret: Secret("veNRnAWe6inFuo8o2u8SLLZLjolYDmDP7SzL0YfYI")))
  static let flow = ThreeLeggedFlow(provider: .x, client: client)
  static let user = UserContext(
    provider: .x, client: client,
    token: Credentials(identifier: "6253282-token", secret: Secret("token secret")))

  static func stamp(_ nonce: String = "n", _ timestamp: Int64 = 1) throws -> Stamp {
    Stamp(nonce: try Nonce(nonce), timestamp: timestamp)
  }

  static func answer(_ body: String) -> ProviderAnswer { answer(200, body) }

  static func answer(
    _ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []
  ) -> ProviderAnswer {
    ProviderAnswer(status: status, headers: headers, body: Array(body.utf8))
  }

  static let verifier = "uw7NjWHT6OJ1MpJOXsHfNxoAhPKpgI8BlYDhxEjIBY"
}

extension PreparedRequest {
  var authorization: String { headers.first { $0.name == "Authorization" }?.value ?? "" }
  var contentType: String? { headers.first { $0.name == "Content-Type" }?.value }
  var text: String { String(decoding: body, as: UTF8.self) }
}

@Suite("Requests of the three legs")
struct FlowRequestTests {
  @Test func `the first leg is the request that X documents`() throws {
    let flow = ThreeLeggedFlow(
      provider: .x.at(origin: "https://api.twitter.com/"), client: Sample.client)
    let request = try flow.requestToken(callback: .url("http://localhost/sign-in-with-twitter/"))
      .request(stamp: Sample.stamp("ea9ec8429b68d6b77cd5600adbbb0456", 1_318_467_427))
    #expect(request.method == "POST")
    #expect(request.url == "https://api.twitter.com/oauth/request_token")
    #expect(request.body.isEmpty && request.contentType == nil)
    let header = request.authorization
    #expect(header.contains(#"oauth_signature="F1Li3tvehgcraF8DMJ7OyxO4w9Y%3D""#))
    #expect(
      header.contains(#"oauth_callback="http%3A%2F%2Flocalhost%2Fsign-in-with-twitter%2F""#))
  }

  @Test func `the last leg has the signature that X documents, all in the header`() throws {
    let flow = ThreeLeggedFlow(
      provider: .x.at(origin: "https://api.twitter.com"), client: Sample.client)
    let request = try flow.accessToken(for: Sample.requestToken, verifier: Sample.verifier)
      .request(stamp: Sample.stamp("a9900fe68e2573b27a37f10fbad6a755", 1_318_467_427))
    #expect(request.url == "https://api.twitter.com/oauth/access_token")
    #expect(request.body.isEmpty && request.contentType == nil)
    #expect(request.authorization.contains(#"oauth_verifier="\#(Sample.verifier)""#))
    #expect(
      request.authorization.contains(#"oauth_signature="39cipBtIOHEEnybAR4sATQTpl2I%3D""#))
  }

  @Test func `PIN mode and less access are parts of the signed header`() throws {
    let call = try Sample.flow.requestToken(callback: .pin, access: .read)
    let header = try AuthorizationHeader(
      parsing: call.request(stamp: Sample.stamp()).authorization)
    #expect(header.parameters.contains(Parameter("oauth_callback", "oob")))
    #expect(header.parameters.contains(Parameter("x_auth_access_type", "read")))
    #expect(!header.parameters.contains { $0.name == "oauth_token" })
  }

  @Test func `the same stamp gives the same request, another time another one`() throws {
    let call = try Sample.flow.requestToken(callback: .pin)
    let first = try call.request(stamp: Sample.stamp("a", 1)).authorization
    #expect(try call.request(stamp: Sample.stamp("a", 1)).authorization == first)
    #expect(try call.request(stamp: Sample.stamp("a", 2)).authorization != first)
    #expect(try call.request(stamp: Sample.stamp("b", 1)).authorization != first)
  }

  @Test func `the consent page is told everything in its query, encoded`() throws {
    let token = Sample.requestToken
    let base = "https://api.x.com/oauth/"
    let query = "?oauth_token=NPcudxy0yU5T3tBzho7iCotZ3cnetKwcTIRlX0iwRl0"
    #expect(try Sample.flow.consentURL(for: token) == base + "authorize" + query)
    #expect(
      try Sample.flow.consentURL(for: token, page: .authenticate, forceLogin: true)
        == base + "authenticate" + query + "&force_login=true")
    #expect(
      try Sample.flow.consentURL(for: token, screenName: "a&b=c\r\nd é")
        == base + "authorize" + query + "&screen_name=a%26b%3Dc%0D%0Ad%20%C3%A9")
  }

  @Test func `Basic credentials are the ones that X documents`() throws {
    let client = Credentials(
      identifier: "xvz1evFS4wEEPTGEFPHBog",
      secret: Secret("L8qq9PZyRg6ieKGEKhZolGC0vJWLw8iEJ88DRdyOg"))
    let request = try ApplicationContext(provider: .x, client: client).bearerToken()
      .request(stamp: Sample.stamp())
    #expect(
      request.authorization == """
        Basic eHZ6MWV2RlM0d0VFUFRHRUZQSEJvZzpMOHFxOVBaeVJnNmllS0dFS2hab2xHQzB2SldMdzhpRUo4OERS\
        ZHlPZw==
        """)
    #expect(request.text == "grant_type=client_credentials")
    #expect(request.url == "https://api.x.com/oauth2/token")
  }

  @Test func `calls for a user are signed with the user's token and their query`() throws {
    for call in [try Sample.user.verifyCredentials(), try Sample.user.usersMe()] {
      let request = try call.request(stamp: Sample.stamp())
      #expect(request.method == "GET" && request.body.isEmpty)
      let received = try ReceivedRequest(
        method: "GET", url: request.url, authorization: request.authorization)
      #expect(received.token == "6253282-token")
      #expect(
        received.isSigned(
          clientSecret: Sample.client.secret, tokenSecret: Secret("token secret")))
    }
    let end = try Sample.user.invalidateToken().request(stamp: Sample.stamp())
    #expect(end.method == "POST")
    #expect(end.url == "https://api.x.com/1.1/oauth/invalidate_token.json")
  }

  @Test func `a provider with the three legs alone offers nothing else`() throws {
    let provider = ProviderDescription(
      origin: "https://a.example", requestTokenPath: "/r", authorizePath: "/c",
      accessTokenPath: "/a")
    let flow = ThreeLeggedFlow(provider: provider, client: Sample.client)
    let user = UserContext(
      provider: provider, client: Sample.client, token: Sample.requestToken.credentials)
    #expect(throws: OAuthError.self) { try flow.requestToken(callback: .pin, access: .read) }
    #expect(throws: OAuthError.self) {
      try flow.consentURL(for: Sample.requestToken, page: .authenticate)
    }
    #expect(throws: OAuthError.self) { try user.verifyCredentials() }
    #expect(throws: OAuthError.self) { try user.invalidateToken() }
  }
}

@Suite("What is put into requests (T112)")
struct InjectionTests {
  @Test(arguments: [
    "", "oob", "no-scheme", "https://a.example/\r\nHost: evil", "https://a.example/ b",
    "https://a.example/\u{0}", "https://bücher.example/",
    "https://a.example/" + String(repeating: "a", count: 64 * 1024),
  ])
  func `what is not a callback address is refused`(_ callback: String) {
    #expect(throws: OAuthError.self) { try Sample.flow.requestToken(callback: .url(callback)) }
  }

  @Test(arguments: ["a\r\nHost: evil", "a\", oauth_token=\"b", "☃\u{0}", "a b&c=d"])
  func `line ends and quotes in keys, tokens and verifiers never arrive as such`(
    _ text: String
  ) throws {
    let credentials = Credentials(identifier: text, secret: Secret(text))
    let flow = ThreeLeggedFlow(provider: .x, client: credentials)
    let request = try flow.accessToken(
      for: RequestToken(credentials: credentials), verifier: text
    ).request(stamp: Sample.stamp())
    let sent = [request.method, request.url, request.text] + request.headers.map(\.value)
    for part in sent {
      #expect(part.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }
    let received = try ReceivedRequest(
      method: "POST", url: request.url, authorization: request.authorization,
      contentType: request.contentType, body: request.body)
    #expect(received.consumerKey == text && received.token == text)
    #expect(try received.value(of: "oauth_verifier") == text)
  }

  @Test func `a verifier must be there and have an end`() {
    for verifier in ["", String(repeating: "1", count: 64 * 1024)] {
      #expect(throws: OAuthError.self) {
        try Sample.flow.accessToken(for: Sample.requestToken, verifier: verifier)
      }
    }
  }
}

@Suite("Nonces (T107)")
struct NonceTests {
  @Test func `a nonce is 128 bits or more, of ASCII letters and digits`() throws {
    #expect(throws: OAuthError.self) { try Nonce(entropy: [UInt8](repeating: 0, count: 15)) }
    let nonce = try Nonce(entropy: [UInt8](0..<16))
    #expect(nonce.text == "000102030405060708090a0b0c0d0e0f")
    for text in ["", "a-b", "é", "a b", String(repeating: "a", count: 129)] {
      #expect(throws: OAuthError.self) { try Nonce(text) }
    }
  }

  @Test func `different entropy gives different nonces`() throws {
    let nonces = try (0..<4_096).map { index in
      try Nonce(entropy: (0..<16).map { UInt8(truncatingIfNeeded: index >> ($0 % 2 * 8)) })
    }
    #expect(Set(nonces).count == nonces.count)
  }
}
