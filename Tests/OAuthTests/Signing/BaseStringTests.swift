import OAuth
import Testing

/// What implementations get wrong about base strings, one row each.
private let traps: [(what: String, url: String, form: [Parameter], end: String)] = [
  ("a plus in a query is a space", "http://a.example/?x=1+2", [], "%2F&x%3D1%25202"),
  ("an encoded plus stays one", "http://a.example/?x=1%2B2", [], "%2F&x%3D1%252B2"),
  ("a tilde is not encoded", "http://a.example/?x=%7E", [], "%2F&x%3D~"),
  ("an encoded slash in a path stays as it is", "http://a.example/a%2Fb", [], "%2Fa%252Fb&"),
  ("a path keeps its case and its double slash", "http://a.example/A//b", [], "%2FA%2F%2Fb&"),
  (
    "hexadecimal digits become upper case", "http://a.example/?x=%e2%98%83", [],
    "x%3D%25E2%2598%2583"
  ),
  (
    "a star, a quote and brackets are encoded", "http://a.example/", [Parameter("x", "*'()!")],
    "&x%3D%252A%2527%2528%2529%2521"
  ),
  (
    "the same name twice is sorted by value", "http://a.example/?a=2&a=10", [Parameter("a", "1")],
    "&a%3D1%26a%3D10%26a%3D2"
  ),
  (
    "names are sorted after they are encoded", "http://a.example/?z=2&%C3%A9=1", [],
    "&%25C3%25A9%3D1%26z%3D2"
  ),
  ("an empty value keeps its equals sign", "http://a.example/?a&b=", [], "&a%3D%26b%3D"),
  ("a value may hold an equals sign", "http://a.example/?a=b=c", [], "&a%3Db%253Dc"),
  (
    "brackets of arrays are encoded", "http://a.example/?a%5B%5D=1&a%5B%5D=0", [],
    "&a%255B%255D%3D0%26a%255B%255D%3D1"
  ),
  ("empty pairs of a query are nothing", "http://a.example/?&a=1&&", [], "&a%3D1"),
  (
    "UTF-8 is encoded byte by byte", "http://a.example/", [Parameter("x", "☃")],
    "&x%3D%25E2%2598%2583"
  ),
  (
    "the form that a character was typed in is kept", "http://a.example/",
    [Parameter("x", "e\u{301}")], "&x%3De%25CC%2581"
  ),
  ("port 80 of http is dropped", "http://a.example:80/", [], "http%3A%2F%2Fa.example%2F&"),
  ("port 443 of https is dropped", "HTTPS://A.Example:443/", [], "https%3A%2F%2Fa.example%2F&"),
  ("port 443 of http is kept", "http://a.example:443/", [], "http%3A%2F%2Fa.example%3A443%2F&"),
  ("port 80 of https is kept", "https://a.example:80/", [], "https%3A%2F%2Fa.example%3A80%2F&"),
  ("another port is kept", "http://127.0.0.1:8080/a", [], "http%3A%2F%2F127.0.0.1%3A8080%2Fa&"),
  (
    "an IPv6 address keeps its brackets", "http://[::1]:8080/", [], "%2F%2F%5B%3A%3A1%5D%3A8080%2F&"
  ),
  ("an empty path is a slash", "http://a.example?x=1", [], "a.example%2F&x%3D1"),
  ("a fragment is dropped", "http://a.example/#?x=1", [], "a.example%2F&"),
]

@Suite("Base strings (T105)")
struct BaseStringTests {
  @Test(arguments: traps.indices)
  func `the traps of the base string`(_ row: Int) throws {
    let trap = traps[row]
    let baseString = try BaseString.make(method: "GET", url: trap.url, parameters: trap.form)
    #expect(
      baseString.hasSuffix(trap.end) || baseString.hasPrefix("GET&" + trap.end),
      "\(trap.what): \(baseString)")
  }

  @Test(arguments: [
    "", "/relative", "ftp://a.example/", "http:/a.example", "http://", "http:///path",
    "http://user@a.example/", "https://api.x.com@evil.example/", "http://a.example:/",
    "http://a.example:65536/", "http://a.example:+80/", "http://a.example:8o/",
    "http://[::1/", "http://[]/", "http://[::1]x/", "http://[v1.x]/", "http://a b.example/",
    "http://a.example/a b", "http://a.example/\r\nHost: evil", "http://a.example/\u{0}",
    "http://bücher.example/", "http://a.example/?é=1", "http://a.example/?x=%",
    "http://a.example/?x=%4", "http://a.example/?x=%zz", "http://a.example/?x=%ff",
    "http://a.example/?x=%c3%28", "http://a.example/?x=%ED%A0%80",
    "http://a.example/" + String(repeating: "a", count: 64 * 1024),
    "http://a.example/?" + String(repeating: "a&", count: 300),
  ])
  func `what is not a URL to sign is refused`(_ url: String) {
    #expect(throws: OAuthError.self) {
      try BaseString.make(method: "GET", url: url, parameters: [])
    }
  }

  @Test(arguments: ["", "GET POST", "GET\r\n", "G3T", "ÉT", String(repeating: "A", count: 17)])
  func `what is not a method is refused`(_ method: String) {
    #expect(throws: OAuthError.self) {
      try BaseString.make(method: method, url: "http://a.example/", parameters: [])
    }
  }

  @Test func `bodies that are not forms are not signed`() throws {
    func signature(_ body: SignableRequest.Body) throws -> AuthorizationHeader {
      try Signer(client: Credentials(identifier: "k", secret: Secret("s"))).authorization(
        for: SignableRequest(method: "POST", url: "https://a.example/", body: body),
        stamp: Stamp(nonce: Nonce("n"), timestamp: 1))
    }
    let bytes = Array("a=1".utf8)
    let unsigned = try signature(.none)
    #expect(try signature(.other(contentType: "application/json", bytes: bytes)) == unsigned)
    #expect(try signature(.other(contentType: "multipart/form-data", bytes: bytes)) == unsigned)
    #expect(try signature(.form([Parameter("a", "1")])) != unsigned)
  }
}

@Suite("Percent-encoding")
struct PercentEncodingTests {
  @Test(arguments: [
    ("Ladies + Gentlemen", "Ladies%20%2B%20Gentlemen"),
    ("An encoded string!", "An%20encoded%20string%21"),
    ("Dogs, Cats & Mice", "Dogs%2C%20Cats%20%26%20Mice"), ("☃", "%E2%98%83"),
    ("abcABC123", "abcABC123"), ("-._~", "-._~"), ("%", "%25"), ("+", "%2B"),
    ("&=*", "%26%3D%2A"), ("\u{0}\u{A}\u{7F}", "%00%0A%7F"), ("\u{80}", "%C2%80"),
    ("\u{3001}", "%E3%80%81"), ("", ""),
  ])
  func `published examples come out and go back`(_ plain: String, _ encoded: String) throws {
    #expect(PercentEncoding.encode(plain) == encoded)
    #expect(try PercentEncoding.decode(encoded).utf8.elementsEqual(plain.utf8))
  }

  @Test(arguments: ["%", "a%2", "%g0", "%0g", "%%30", "%ff", "%C0%80", "%F5%80%80%80"])
  func `what no encoder writes is refused`(_ text: String) {
    #expect(throws: OAuthError.self) { try PercentEncoding.decode(text) }
  }
}
