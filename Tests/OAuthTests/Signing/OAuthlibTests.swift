import Foundation
import OAuth
import Testing

/// A request as both sides are told to sign it.
private struct SigningCase: Codable {
  var method: String
  var url: String
  var body: String?
  var consumerKey: String
  var consumerSecret: String
  var token: String?
  var tokenSecret: String?
  var callback: String?
  var nonce: String
  var timestamp: String
}

private let script = """
  import json, sys
  from oauthlib.oauth1 import Client
  headers = []
  for case in json.load(sys.stdin):
      client = Client(case["consumerKey"], case["consumerSecret"], case.get("token"),
                      case.get("tokenSecret"), callback_uri=case.get("callback"),
                      nonce=case["nonce"], timestamp=case["timestamp"])
      body = case.get("body")
      content = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
      _, signed, _ = client.sign(case["url"], case["method"], body, content)
      headers.append(signed["Authorization"])
  json.dump(headers, sys.stdout)
  """

@Suite("Agreement with Python's oauthlib (T104)")
struct OAuthlibTests {
  @Test func `a thousand random requests are signed as oauthlib signs them`() throws {
    try Self.compare(1000)
  }

  /// Signs so many random requests on both sides, all of theirs in one process.
  fileprivate static func compare(_ count: Int) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix64(state: seed)
    let cases = (0..<count).map { _ in SigningCase.random(&random) }
    let theirs = try Self.headersOfOAuthlib(cases)
    try #require(theirs.count == cases.count)
    for (index, (signingCase, header)) in zip(cases, theirs).enumerated() {
      let expected = try AuthorizationHeader(parsing: header)
      let ours = try signingCase.signed()
      #expect(
        Set(ours.parameters) == Set(expected.parameters),
        "seed \(seed), case \(index): \(signingCase)")
      #expect(try signingCase.isGenuine(header), "seed \(seed), case \(index)")
    }
  }

  private static func headersOfOAuthlib(_ cases: [SigningCase]) throws -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let python = Process()
    python.executableURL = root.appending(path: ".venv/bin/python")
    python.arguments = ["-c", script]
    let (input, output) = (Pipe(), Pipe())
    python.standardInput = input
    python.standardOutput = output
    try python.run()
    // The script reads everything before it writes anything.
    try input.fileHandleForWriting.write(contentsOf: JSONEncoder().encode(cases))
    try input.fileHandleForWriting.close()
    let answer = try output.fileHandleForReading.readToEnd() ?? Data()
    python.waitUntilExit()
    try #require(python.terminationStatus == 0)
    return try JSONDecoder().decode([String].self, from: answer)
  }
}

@Suite(.enabled(if: ProcessInfo.processInfo.environment["LINKD_LONG"] != nil, "tools/test --long"))
struct OAuthlibLongRuns {
  @Test func `T104: 10,000 random requests are signed as oauthlib signs them`() throws {
    try OAuthlibTests.compare(10_000)
  }
}

extension SigningCase {
  private var request: SignableRequest {
    get throws {
      let form = try body.map { try Form.decode(Array($0.utf8)) }
      return SignableRequest(method: method, url: url, body: form.map { .form($0) } ?? .none)
    }
  }

  func signed() throws -> AuthorizationHeader {
    let signer = Signer(
      client: Credentials(identifier: consumerKey, secret: Secret(consumerSecret)),
      token: token.map { Credentials(identifier: $0, secret: Secret(tokenSecret ?? "")) })
    let stamp = Stamp(nonce: try Nonce(nonce), timestamp: Int64(timestamp) ?? 0)
    return try signer.authorization(
      for: request, adding: callback.map { [Parameter("oauth_callback", $0)] } ?? [], stamp: stamp)
  }

  /// Whether our provider's side takes their header.
  func isGenuine(_ header: String) throws -> Bool {
    let received = try ReceivedRequest(
      method: method, url: url, authorization: header, contentType: Form.mediaType,
      body: Array((body ?? "").utf8))
    return received.isSigned(
      clientSecret: Secret(consumerSecret), tokenSecret: tokenSecret.map { Secret($0) })
  }

  static func random(_ random: inout SplitMix64) -> SigningCase {
    let hasToken = Bool.random(using: &random)
    let method = ["GET", "POST", "PUT", "DELETE", "PATCH"].randomElement(using: &random) ?? "GET"
    var signingCase = SigningCase(
      method: method, url: random.url(), consumerKey: random.text(1...30),
      consumerSecret: random.text(0...30), nonce: random.word(), timestamp: "")
    signingCase.timestamp = "\(Int64.random(in: 1...4_000_000_000, using: &random))"
    if hasToken {
      signingCase.token = random.text(1...30)
      signingCase.tokenSecret = random.text(0...30)
    }
    if method != "GET", Bool.random(using: &random) { signingCase.body = random.form() }
    if Bool.random(using: &random) { signingCase.callback = random.url() }
    return signingCase
  }
}

/// A generator that gives the same numbers for the same seed everywhere.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension SplitMix64 {
  private static let characters = Array(
    "abcXYZ019-._~ +&=%/?#[]@!$'()*,;:\"<>\\^`{|}é☃\u{301}😀\u{0}\n\u{7F}日")

  mutating func text(_ length: ClosedRange<Int>) -> String {
    String(
      (0..<Int.random(in: length, using: &self)).map { _ in
        Self.characters.randomElement(using: &self) ?? "a"
      })
  }

  mutating func word() -> String {
    String((0..<32).map { _ in "abcXYZ019".randomElement(using: &self) ?? "a" })
  }

  mutating func form() -> String {
    let names = ["a", "b", "A", "a[]", "é", "z z", ""]
    let pairs = (0..<Int.random(in: 0...6, using: &self)).map { _ in
      Parameter(names.randomElement(using: &self) ?? "a", text(0...12))
    }
    let form = Form.encode(pairs)
    return Bool.random(using: &self) ? form : form.replacing("%20", with: "+")
  }

  mutating func url() -> String {
    let scheme = ["http", "https", "HTTP", "Https"].randomElement(using: &self) ?? "http"
    let host =
      ["a.example", "A.Example", "127.0.0.1", "xn--bcher-kva.example"]
      .randomElement(using: &self) ?? "a.example"
    let port = ["", ":80", ":443", ":8080"].randomElement(using: &self) ?? ""
    let path = (0..<Int.random(in: 0...3, using: &self)).map { _ in
      "/" + PercentEncoding.encode(text(0...6))
    }
    let query = form()
    return "\(scheme)://\(host)\(port)\(path.joined())" + (query.isEmpty ? "" : "?" + query)
  }
}
