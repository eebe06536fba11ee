import OAuth
import Testing

@Suite("Received requests")
struct ReceivedRequestTests {
  static let stamp = "oauth_timestamp=137131200&oauth_nonce=wIjqoS"
  static let rest = "oauth_consumer_key=k&oauth_signature_method=HMAC-SHA1&oauth_signature=x"

  @Test(arguments: [
    ("https://a.example/?\(stamp)&\(rest)", ""), ("https://a.example/", "\(stamp)&\(rest)"),
    ("https://a.example/?\(stamp)", rest),
  ])
  func `protocol parameters may come in the query and in the body`(
    _ url: String, _ body: String
  ) throws {
    let request = try ReceivedRequest(
      method: "POST", url: url, authorization: nil,
      contentType: "Application/X-WWW-form-urlencoded; charset=UTF-8", body: Array(body.utf8))
    #expect(request.consumerKey == "k")
    #expect(request.timestamp == 137_131_200)
    #expect(request.nonce == "wIjqoS")
    #expect(request.token == nil)
  }

  @Test func `a body of another type holds no parameters`() {
    #expect(throws: OAuthError.self) {
      try ReceivedRequest(
        method: "POST", url: "https://a.example/", authorization: nil,
        contentType: "text/plain", body: Array("\(Self.stamp)&\(Self.rest)".utf8))
    }
  }

  @Test(arguments: [
    rest, stamp, "\(stamp)&\(rest)&oauth_nonce=again", "\(stamp)&\(rest)&oauth_version=2.0",
    "oauth_timestamp=-1&oauth_nonce=n&\(rest)", "oauth_timestamp=0&oauth_nonce=n&\(rest)",
    "oauth_timestamp=1.5&oauth_nonce=n&\(rest)", "oauth_timestamp=%2B1&oauth_nonce=n&\(rest)",
    "oauth_timestamp=99999999999999999999&oauth_nonce=n&\(rest)",
    "oauth_timestamp=1&oauth_nonce=&\(rest)",
    "\(stamp)&oauth_consumer_key=k&oauth_signature=x",
    "\(stamp)&oauth_consumer_key=k&oauth_signature=x&oauth_signature_method=PLAINTEXT",
    "\(stamp)&oauth_consumer_key=k&oauth_signature_method=HMAC-SHA1",
  ])
  func `what the protocol needs must be there once and well-formed`(_ query: String) {
    #expect(throws: OAuthError.self) {
      try ReceivedRequest(method: "GET", url: "https://a.example/?\(query)", authorization: nil)
    }
  }

  @Test func `a parameter in the header and in the body is one too many`() throws {
    let header = try SignatureVector.core.signed().value
    #expect(throws: OAuthError.self) {
      try ReceivedRequest(
        method: "POST", url: "https://a.example/", authorization: header,
        contentType: Form.mediaType, body: Array("oauth_token=other".utf8))
    }
  }

  @Test func `changing any part of a signed request breaks the signature`() throws {
    let vector = SignatureVector.ofX[0]
    let changes: [(inout SignatureVector) -> Void] = [
      { $0.method = "PUT" }, { $0.url = $0.url.replacing("x.com", with: "x.com.evil.example") },
      { $0.url += "&a" }, { $0.form = [] }, { $0.form.append(Parameter("a", "")) },
      { $0.nonce += "a" }, { $0.timestamp += 1 }, { $0.consumer.key += "a" },
      { $0.consumer.secret += "a" }, { $0.token?.key += "a" }, { $0.token?.secret += "a" },
      { $0.token = nil }, { $0.header = [Parameter("oauth_verifier", "1")] },
      { $0.url = $0.url.replacing("https", with: "http") },
    ]
    for change in changes {
      var changed = vector
      change(&changed)
      #expect(try !changed.isGenuine(version: true))
    }
    #expect(try !vector.isGenuine(version: false))
  }
}
