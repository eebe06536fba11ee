import FakeX
import OAuth
import Testing

@Suite struct Tokens {
  @Test func `a token is good until the user or the app takes it back`() throws {
    var visit = Visit()
    let (alice, bob) = (try visit.link(), try visit.link(user: "bob"))
    #expect(visit.platform.revoke(screenName: "ALICE") == 1)
    #expect(try visit.verifyCredentials(alice).isError(89))
    let ended = try visit.sign("POST", "/1.1/oauth/invalidate_token.json", token: bob)
    #expect(ended.text == "{\"access_token\":\"\(bob.name)\"}")
    #expect(try visit.verifyCredentials(bob).isError(89))
    #expect(try visit.usersMe(bob).status == 401)
  }

  @Test func `a user's other apps keep their tokens`() throws {
    var visit = Visit()
    let other = try visit.link(app: .notEnrolled)
    _ = try visit.link()
    #expect(visit.platform.revoke(screenName: "alice", appKey: App.good.key) == 1)
    #expect(try visit.verifyCredentials(other, app: .notEnrolled).status == 200)
  }

  @Test func `a suspended and a locked user are told apart`() throws {
    var visit = Visit()
    let token = try visit.link()
    visit.platform.configuration.users[0].isSuspended = true
    #expect(try visit.verifyCredentials(token).isError(64))
    visit.platform.configuration.users[0].isSuspended = false
    visit.platform.configuration.users[0].isLocked = true
    #expect(try visit.verifyCredentials(token).isError(326))
  }

  @Test func `users me answers with what was asked for`() throws {
    var visit = Visit()
    let token = try visit.link()
    #expect(
      try visit.usersMe(token).text
        == #"{"data":{"id":"1740000000000000001","name":"Alice","username":"alice"}}"#)
    let more = try visit.usersMe(token, query: "?user.fields=verified%2Ccreated_at%2Cunknown")
    #expect(more.text.hasSuffix(#","created_at":"2006-03-21T20:50:14.000Z","verified":false}}"#))
  }

  @Test func `the seventy-sixth identity in a quarter of an hour is refused`() throws {
    var visit = Visit()
    let token = try visit.link()
    for left in (0..<75).reversed() {
      let answer = try visit.verifyCredentials(token)
      #expect(answer.headers.first(named: "x-rate-limit-remaining") == "\(left)")
    }
    let refused = try visit.verifyCredentials(token)
    #expect(refused.isError(88))
    let reset = refused.headers.first(named: "x-rate-limit-reset").flatMap { Int64($0) }
    #expect(reset == visit.now + 900)
    #expect(try visit.usersMe(token).status == 200, "each endpoint has its own")
    visit.now += 900
    #expect(try visit.verifyCredentials(token).status == 200)
  }
}

@Suite struct Bearers {
  private let basic =
    "Basic ZmFrZXhHb29kS2V5MDAwMDAwMDAwMTpmYWtleEdvb2RTZWNyZXQwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMQ=="
  private let grant = [Parameter("grant_type", "client_credentials")]

  private func bearer(_ visit: inout Visit) -> String {
    let answer = visit.send("POST", "/oauth2/token", authorization: basic, form: grant)
    let start = #"{"token_type":"bearer","access_token":""#
    #expect(answer.text.hasPrefix(start + "AAAA"))
    return String(answer.text.dropFirst(start.count).dropLast(2))
  }

  @Test func `an app has one bearer token until it is invalidated`() {
    var visit = Visit()
    let first = bearer(&visit)
    #expect(bearer(&visit) == first)
    let ended = visit.send(
      "POST", "/oauth2/invalidate_token", authorization: basic,
      form: [Parameter("access_token", first)])
    #expect(ended.text == "{\"access_token\":\"\(first)\"}")
    #expect(bearer(&visit) != first)
  }

  @Test func `the owner of a token may invalidate the bearer token of its app`() throws {
    var visit = Visit()
    let first = bearer(&visit)
    let owner = try visit.link()
    let named = [Parameter("access_token", first)]
    #expect(
      try visit.sign("POST", "/oauth2/invalidate_token", token: owner, form: named).status == 200)
    #expect(
      try visit.sign("POST", "/oauth2/invalidate_token", token: owner, form: named).isError(99))
    #expect(bearer(&visit) != first)
  }

  @Test func `a bearer token of an app in no package says so`() {
    var visit = Visit()
    let token = "Bearer \(bearer(&visit))"
    visit.platform.configuration.apps[0].isEnrolled = false
    let answer = visit.send("GET", "/2/users/me", authorization: token)
    #expect(answer.status == 403)
    #expect(answer.text.contains("client-not-enrolled"))
  }

  @Test func `wrong keys, a missing grant and a suspended app all say 99`() {
    var visit = Visit()
    #expect(visit.send("POST", "/oauth2/token", form: grant).isError(99))
    #expect(
      visit.send("POST", "/oauth2/token", authorization: "Basic eDp5", form: grant).isError(99))
    #expect(visit.send("POST", "/oauth2/token", authorization: basic).isError(99))
    visit.platform.configuration.apps[0].isSuspended = true
    #expect(visit.send("POST", "/oauth2/token", authorization: basic, form: grant).isError(99))
  }

  @Test func `a bearer token is no user`() {
    var visit = Visit()
    let target = "/1.1/account/verify_credentials.json"
    let good = "Bearer \(bearer(&visit))"
    #expect(visit.send("GET", target, authorization: good).isError(220))
    #expect(visit.send("GET", target, authorization: "bearer nonsense").isError(89))
    let problem = visit.send("GET", "/2/users/me", authorization: good)
    #expect(problem.status == 403)
    #expect(problem.text.contains("unsupported-authentication"))
  }
}
