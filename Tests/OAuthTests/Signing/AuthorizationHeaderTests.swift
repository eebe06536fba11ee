import OAuth
import Testing

@Suite("Authorization headers")
struct AuthorizationHeaderTests {
  @Test func `a header is read back as it was written`() throws {
    let header = AuthorizationHeader(
      realm: "Photos of http://a.example/, all",
      parameters: [Parameter("oauth_token", "a b+c\"=,☃"), Parameter("oauth_nonce", "")])
    #expect(try AuthorizationHeader(parsing: header.value) == header)
  }

  @Test func `the header of X's documentation is written to the letter`() throws {
    let vector = try #require(SignatureVector.ofX.first)
    #expect(
      try vector.signed().value == """
        OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", \
        oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", \
        oauth_signature="Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D", \
        oauth_signature_method="HMAC-SHA1", oauth_timestamp="1318622958", \
        oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", oauth_version="1.0"
        """)
  }

  @Test(arguments: [
    #"OAuth a="1",b="2""#, #"oauth a="1" , b="2""#, "OAUTH \t a=\"1\",\tb=\"2\"",
    #"OAuth realm="x",a="1",b="2""#, #"OAuth a="%31",b="2" "#,
  ])
  func `what RFC 5849 allows is read`(_ value: String) throws {
    let header = try AuthorizationHeader(parsing: value)
    #expect(header.parameters == [Parameter("a", "1"), Parameter("b", "2")])
  }

  @Test(arguments: [
    "", "OAuth", "OAuth ", "Bearer a", #"OAuth2 a="1""#, #"OAutha="1""#, #"Basic a="1""#,
    "OAuth a=1", #"OAuth a="1"#, #"OAuth a="1"b="2""#, #"OAuth a="1",,b="2""#,
    #"OAuth a="1","#, #"OAuth ,a="1""#, #"OAuth a = "1""#, #"OAuth ="1""#,
    #"OAuth a="1";b="2""#, #"OAuth a="1", a="1""#, #"OAuth a="1", %61="2""#,
    #"OAuth realm="x", realm="y""#, #"OAuth a="+""#, #"OAuth a="a b""#, #"OAuth a="\"""#,
    #"OAuth a="%2""#, #"OAuth a="%FF""#, "OAuth a=\"1\"\r\nX: y", "OAuth a=\"\u{E9}\"",
  ])
  func `anything else is refused`(_ value: String) {
    #expect(throws: OAuthError.self) { try AuthorizationHeader(parsing: value) }
  }

  @Test func `a header cut at any byte is refused`() throws {
    let value = try SignatureVector.core.signed().value
    for length in 0..<value.utf8.count {
      let cut = String(decoding: value.utf8.prefix(length), as: UTF8.self)
      // After a closing quote it is a shorter header.
      if cut.hasSuffix("\""), !cut.hasSuffix("=\"") { continue }
      #expect(throws: OAuthError.self) { try AuthorizationHeader(parsing: cut) }
    }
  }

  @Test func `a realm cannot end its quotes early`() {
    let header = AuthorizationHeader(realm: "a\", b=\"\r\n", parameters: [])
    #expect(header.value == #"OAuth realm="a, b=""#)
  }
}
