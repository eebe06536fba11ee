import Testing
import linkctl

struct CommandLineTests {
  @Test(arguments: [
    ("http://127.0.0.1:7443", "http://127.0.0.1:7443"),
    ("http://localhost", "http://localhost:7443"),
    ("http://[::1]:80/", "http://[::1]:80"), ("https://linkd.example", "https://linkd.example:443"),
    ("HTTPS://linkd.example:9", "https://linkd.example:9"),
  ])
  func `a server is a scheme, a host and a port`(_ text: String, _ address: String) throws {
    #expect(try ServerAddress(text).description == address)
  }

  @Test(arguments: [
    "", "127.0.0.1:7443", "ftp://127.0.0.1", "http://", "http://u:p@127.0.0.1",
    "http://127.0.0.1/x",
    "http://127.0.0.1?q", "http://127.0.0.1:0", "http://127.0.0.1:99999", "http://linkd.example",
    "http://127.evil.example", "http://10.0.0.1:7443", "http://127.0.0.1.evil.example",
  ])
  func `no other address is taken, and plain HTTP only for this machine`(_ text: String) {
    let failure = #expect(throws: Failure.self) { try ServerAddress(text) }
    #expect(failure?.status == .usage)
  }

  @Test func `a token is one line and does not show itself`() throws {
    let token = try BearerToken(text: " linkd_x \n")
    #expect(token.headerValue == "Bearer linkd_x")
    #expect("\(token)" == "BearerToken(***)")
    for text in ["", "two words", "a\nb", "é"] {
      #expect(throws: Failure.self) { try BearerToken(text: text) }
    }
  }

  @Test func `a failure is lines for a person and an object for a program`() {
    let failure = Failure(.refused, "no\u{1B}", hints: ["do this", "or that"])
    let report = ErrorReport(failure)
    #expect(
      report.lines == "linkctl: error: no\\u{1b}\nlinkctl: hint: do this\nlinkctl: hint: or that\n")
    #expect(report.json.contains("\"exitStatus\" : 3"))
  }

  @Test(arguments: [
    ("", [""]), ("one two", ["one two"]), ("one two three", ["one two", "three"]),
    ("a incomprehensible b", ["a", "incomprehensible", "b"]),
  ])
  func `a long text is broken at spaces`(_ text: String, _ lines: [String]) {
    #expect(text.wrapped(to: 8) == lines)
  }
}
