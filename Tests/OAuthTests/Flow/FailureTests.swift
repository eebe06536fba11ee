import OAuth
import Testing

/// A row of X's table of errors, and what it means.
private struct Row: Sendable {
  var code: Int
  var status: Int
  var words: String
  var kind: ProviderFailure.Kind
}

private let table: [Row] = [
  Row(code: 32, status: 401, words: "Could not authenticate you.", kind: .badConsumerKeys),
  Row(
    code: 32, status: 401, words: "Failed to validate oauth signature and token",
    kind: .badConsumerKeys),
  Row(code: 38, status: 403, words: "A required parameter is missing.", kind: .refused),
  Row(code: 63, status: 403, words: "User has been suspended.", kind: .accountLocked),
  Row(
    code: 64, status: 403,
    words: "Your account is suspended and is not permitted to access this feature.",
    kind: .accountLocked),
  Row(
    code: 87, status: 403, words: "Client is not permitted to perform this action.", kind: .refused),
  Row(code: 88, status: 429, words: "Rate limit exceeded", kind: .rateLimited),
  Row(code: 89, status: 401, words: "Invalid or expired token.", kind: .tokenRejected),
  Row(code: 89, status: 403, words: "Invalid or expired token.", kind: .tokenRejected),
  Row(
    code: 93, status: 403,
    words: "This application is not allowed to access or delete your direct messages.",
    kind: .refused),
  Row(
    code: 99, status: 403, words: "Unable to verify your credentials",
    kind: .keysRefusedOrAskedTooOften),
  Row(code: 130, status: 503, words: "Over capacity", kind: .unavailable),
  Row(code: 131, status: 500, words: "Internal error", kind: .unavailable),
  Row(code: 135, status: 401, words: "Timestamp out of bounds.", kind: .clockSkew),
  Row(code: 215, status: 400, words: "Bad Authentication data.", kind: .badConsumerKeys),
  Row(
    code: 220, status: 403, words: "Your credentials do not allow access to this resource.",
    kind: .refused),
  Row(
    code: 226, status: 403, words: "This request looks like it might be automated.", kind: .refused),
  Row(code: 261, status: 403, words: "Application cannot perform write actions.", kind: .refused),
  Row(
    code: 326, status: 403,
    words: "To protect our users from spam, this account is temporarily locked.",
    kind: .accountLocked),
  Row(
    code: 415, status: 403,
    words: "Callback URL not approved for this client application. Approved callback URLs can be "
      + "adjusted in your application settings", kind: .callbackNotApproved),
  Row(code: 416, status: 401, words: "Invalid / suspended application", kind: .appSuspended),
  Row(
    code: 417, status: 401,
    words: "Desktop applications only support the oauth_callback value 'oob'", kind: .appPINOnly),
]

private let forms: [@Sendable (Row) -> String] = [
  { #"{"errors":[{"code":\#($0.code),"message":"\#($0.words)"}]}"# },
  { #"{"errors":[{"message":"\#($0.words)","code":\#($0.code),"label":"a"}],"more":{}}"# },
  { #"{"title":"Forbidden","detail":"\#($0.words)","type":"about:blank","status":\#($0.status)}"# },
  { #"{"request":"/oauth/request_token","error":"\#($0.words)"}"# },
  {
    #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n"
      + #"<errors><error code="\#($0.code)">\#(escaped($0))</error></errors>"#
  },
  {
    #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n<hash>\n  <error>\(escaped($0))</error>\n"
      + "  <request>/oauth/request_token</request>\n</hash>"
  },
  { $0.words }, { "  \($0.words)\r\n" },
]

private func escaped(_ row: Row) -> String { row.words.replacing("'", with: "&#39;") }

private func failure(
  _ status: Int, _ body: String, _ headers: [(name: String, value: String)] = [],
  at localTime: Int64 = 0
) throws -> ProviderFailure {
  let call = try Sample.flow.requestToken(callback: .pin)
  return try #require(throws: ProviderFailure.self) {
    try call.value(of: Sample.answer(status, body, headers), at: localTime)
  }
}

private let others: [(status: Int, body: String, kind: ProviderFailure.Kind)] = [
  (
    403,
    #"{"title":"Client Forbidden","type":"https://api.twitter.com/2/problems/client-forbidden","detail":"d","reason":"client-not-enrolled"}"#,
    .appNotEnrolled
  ),
  (
    403, #"{"type":"https://api.twitter.com/2/problems/client-forbidden","detail":"d"}"#, .refused
  ),
  (429, #"{"type":"https://api.x.com/2/problems/usage-capped","title":"d"}"#, .rateLimited),
  (
    403, #"{"type":"https://api.x.com/2/problems/rate-limit-exceeded","title":"d"}"#, .rateLimited
  ),
  (401, #"{"title":"Unauthorized","type":"about:blank","status":401}"#, .unauthorized),
  (400, #"{"errors":[{"message":"d"}],"title":"Invalid Request"}"#, .refused),
  (400, #"{"errors":"d"}"#, .refused),
  (403, #"{"errors":[{"code":9999,"message":"d"},{"code":415,"message":"d"}]}"#, .refused),
  (
    401, "Error processing your OAuth request: Invalid oauth_verifier parameter",
    .verifierRejected
  ),
  (401, "Reverse auth credentials are invalid", .unauthorized),
  (401, "", .unauthorized), (403, "", .refused), (404, "Not Found", .refused),
  (408, "", .unavailable), (429, "", .rateLimited), (500, "", .unavailable),
  (502, "<html><head><title>502 Bad Gateway</title></head></html>", .unavailable),
  (503, "<!DOCTYPE html><p>Over capacity & more", .unavailable),
  (504, "\u{0}\u{1}", .unavailable), (599, "{", .unavailable),
  (302, #"<a href="https://evil.example/">"#, .malformedAnswer),
  (401, "<errors><error", .unauthorized), (401, "<error>a", .unauthorized),
  (403, #"<error code="x">a</error>"#, .refused), (403, "<error code=>a</error>", .refused),
  (403, #"{"errors":[{"code":99999999999999999999999}]}"#, .refused),
  (403, #"{"errors":[{"code":415.5}]}"#, .refused), (403, #"{"errors":[[]]}"#, .refused),
]

@Suite("Failures of X")
struct FailureTests {
  @Test(arguments: table.indices, forms.indices)
  func `every error means the same in every form`(_ row: Int, _ form: Int) throws {
    let row = table[row]
    let failure = try failure(row.status, forms[form](row))
    #expect(failure.kind == row.kind)
    #expect(failure.code == row.code)
    #expect(failure.message == row.words)
    #expect(failure.status == row.status)
  }

  @Test(arguments: [
    ("You may not do that (code 261, v1.1).", "You may not do that (code 261, v1.1)."),
    ("no PIN 1234567 for 77-a0b1c2d3", "no PIN … for …"),
    ("OAuth oauth_signature=\"abcdefghijklmnopqrst%3D\"", "OAuth …"),
    ("a\nb\u{1B}[2J", "a b\\u{1B}[2J"),
  ])
  func `words that could be a secret are not quoted`(_ words: String, _ quoted: String) throws {
    let failure = try failure(403, words)
    #expect(failure.message == quoted)
    #expect(!"\(failure)".contains(quoted))
  }

  @Test(arguments: others.indices)
  func `what is not in the table is judged by its name or its status`(_ row: Int) throws {
    let (status, body, kind) = others[row]
    let failure = try failure(status, body)
    #expect(failure.kind == kind, "\(failure)")
    #expect(!failure.message.isEmpty)
  }

  @Test func `bytes that are not UTF-8 and bodies without end are no reason to fail`() throws {
    let call = try Sample.flow.requestToken(callback: .pin)
    for body in [[0xFF, 0xFE], [UInt8](repeating: 0x61, count: 1_000_000)] as [[UInt8]] {
      let answer = ProviderAnswer(status: 503, headers: [], body: body)
      #expect { try call.value(of: answer, at: 0) } throws: {
        ($0 as? ProviderFailure)?.kind == .unavailable
      }
    }
  }

  @Test func `a failure's text is one short line without control characters (T111)`() throws {
    let failure = try failure(
      403, "a\r\nb\u{1B}[mc\u{0}d\u{2028}e\u{202E}f\\u{A} " + String(repeating: "x ", count: 5_000))
    #expect(failure.message.hasPrefix(#"a b\u{1B}[mc\u{0}d e\u{202E}f\u{5C}u{A} x x x"#))
    #expect(failure.message.utf8.count < 500 && failure.message.hasSuffix("…"))
  }
}

@Suite("Clocks and waiting (T107)")
struct ClockTests {
  /// 1,700,000,000 seconds after 1970.
  static let date = "Tue, 14 Nov 2023 22:13:20 GMT"
  static let out = #"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#

  @Test(arguments: [600, -600, 0, 1] as [Int64])
  func `the difference to the provider's clock is its Date against ours`(_ ahead: Int64) throws {
    let failure = try failure(401, Self.out, [("Date", Self.date)], at: 1_700_000_000 - ahead)
    #expect(failure.kind == .clockSkew && failure.clockSkew == ahead)
    var correction = ClockCorrection()
    #expect(correction.timestamp(at: 50_000) == 50_000)
    let corrects = correction.corrects(failure)
    #expect(corrects == (ahead != 0))
    #expect(correction.timestamp(at: 50_000) == 50_000 + ahead)
    // A second time it would be in vain.
    let again = correction.corrects(failure)
    #expect(!again)
  }

  @Test(arguments: [
    "", "1700000000", "Tue, 14 Nov 2023 22:13:20", "Tue, 14 Nov 2023 22:13:20 UTC",
    "Tue, 32 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 24:13:20 GMT",
    "Tue, 14 nov 2023 22:13:20 GMT", "Tuesday, 14-Nov-23 22:13:20 GMT",
    "Tue Nov 14 22:13:20 2023", "Tue, 14 Nov 2023  22:13:20 GMT",
    "Tue, +4 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 99999 22:13:20 GMT",
  ])
  func `a date of another form is no clock`(_ date: String) throws {
    let failure = try failure(401, Self.out, [("date", date)])
    #expect(failure.clockSkew == nil)
    var correction = ClockCorrection()
    let corrects = correction.corrects(failure)
    #expect(!corrects)
  }

  @Test(
    arguments: [
      ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
      ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
      ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
      ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
      ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ] as [(String, Int64)])
  func `dates are counted as the calendar has them`(_ date: String, _ seconds: Int64) throws {
    #expect(try failure(401, Self.out, [("DATE", date)], at: 0).clockSkew == seconds)
  }

  @Test func `two dates are none, and no time overflows`() throws {
    #expect(
      try failure(401, Self.out, [("Date", Self.date), ("date", Self.date)]).clockSkew == nil)
    let failure = try failure(401, Self.out, [("Date", Self.date)], at: .min)
    #expect(failure.clockSkew == nil)
    var correction = ClockCorrection()
    _ = correction.corrects(try OAuthTests.failure(401, Self.out, [("Date", Self.date)], at: 0))
    #expect(correction.timestamp(at: .max) == .max)
  }

  @Test(
    arguments: [
      ([("x-rate-limit-reset", "1700000090"), ("Date", ClockTests.date)], 90),
      ([("X-Rate-Limit-Reset", "1699999990"), ("Date", ClockTests.date)], 0),
      ([("x-rate-limit-reset", "99999999999"), ("Date", ClockTests.date)], 86_400),
      ([("x-rate-limit-reset", "1000090")], 90), ([("Retry-After", "7")], 7),
      ([("x-rate-limit-reset", "soon"), ("Retry-After", "7")], 7), ([("Retry-After", "-7")], nil),
      ([("Retry-After", "99999999999999999999")], nil), ([], nil),
    ] as [([(name: String, value: String)], Int64?)])
  func `the wait is what the provider says, within reason`(
    _ headers: [(name: String, value: String)], _ wait: Int64?
  ) throws {
    #expect(try failure(429, "", headers, at: 1_000_000).retryAfter == wait)
    #expect(try failure(403, "", headers, at: 1_000_000).retryAfter == nil)
  }
}
