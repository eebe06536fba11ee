import FakeX
import OAuth
import Testing

@Suite struct Flow {
  @Test func `the three legs by callback end in a token for the user who agreed`() throws {
    var visit = Visit()
    let first = try visit.requestToken()
    #expect(first.status == 200)
    #expect(first.headers.first(named: "content-type") == "text/html; charset=utf-8")
    #expect(first.form["oauth_callback_confirmed"] == "true")

    let second = visit.decide(first.token, user: "bob")
    #expect(second.status == 302)
    #expect(second.headers.first(named: "location")?.hasPrefix(App.builtInCallback + "?") == true)
    #expect(second.callback["oauth_token"] == first.token.name)

    let third = try visit.accessToken(
      first.token, verifier: try #require(second.callback["oauth_verifier"]))
    #expect(third.form["user_id"] == "2002")
    #expect(third.form["screen_name"] == "bob")
    #expect(third.token.name.hasPrefix("2002-"))

    let identity = try visit.verifyCredentials(third.token)
    #expect(identity.status == 200)
    #expect(identity.headers.first(named: "x-access-level") == "read-write")
    #expect(identity.text.contains("\"id_str\":\"2002\""))
  }

  @Test func `a PIN has seven digits and works once`() throws {
    var visit = Visit()
    let token = try visit.requestToken("oob").token
    let page = visit.decide(token)
    #expect(page.status == 200)
    #expect(page.pin.count == 7 && page.pin.allSatisfy(\.isNumber))
    #expect(page.text.contains("<code>\(page.pin)</code>"))
    #expect(try visit.accessToken(token, verifier: page.pin).status == 200)
    #expect(try visit.accessToken(token, verifier: page.pin).isError(89))
  }

  @Test func `a wrong verifier is refused in plain text, and the right one still works`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    #expect(try visit.accessToken(token, verifier: "early").status == 401, "nobody has agreed yet")
    let verifier = try #require(visit.decide(token).callback["oauth_verifier"])
    let refused = try visit.accessToken(token, verifier: verifier + "x")
    #expect(refused.status == 401)
    #expect(refused.text.hasSuffix("Invalid oauth_verifier parameter"))
    #expect(try visit.accessToken(token, verifier: verifier).status == 200)
  }

  @Test func `a verifier is worth nothing to another app`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    let verifier = try #require(visit.decide(token).callback["oauth_verifier"])
    #expect(try visit.accessToken(token, verifier: verifier, app: .notEnrolled).isError(89))
  }

  @Test func `a verifier may come in the query as well`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    let verifier = try #require(visit.decide(token).callback["oauth_verifier"])
    let answer = try visit.sign(
      "POST", "/oauth/access_token?oauth_verifier=\(verifier)", token: token)
    #expect(answer.status == 200)
  }

  @Test func `who cancels is sent back with the denied token, which is then worthless`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    #expect(visit.decide(token, "deny").callback == ["denied": token.name])
    #expect(visit.decide(token).status == 403, "it cannot be decided twice")
    #expect(try visit.accessToken(token, verifier: "any").status == 401)
  }

  @Test func `a request token ends with its lifetime`() throws {
    var visit = Visit()
    let (early, late) = (try visit.requestToken().token, try visit.requestToken().token)
    let verifier = try #require(visit.decide(late).callback["oauth_verifier"])
    visit.now += 600
    #expect(visit.decide(early).status == 302)
    visit.now += 1
    #expect(try visit.accessToken(late, verifier: verifier).isError(89))
    #expect(visit.send("GET", "/oauth/authorize?oauth_token=\(late.name)").status == 403)
  }

  @Test func `the same app and user get the same token again, other access another`() throws {
    var visit = Visit()
    let first = try visit.link()
    #expect(try visit.link() == first)
    #expect(try visit.link(user: "bob") != first)
    let narrow = try visit.link(access: "read")
    #expect(narrow != first)
    #expect(try visit.verifyCredentials(first).isError(89))
    let identity = try visit.verifyCredentials(narrow)
    #expect(identity.headers.first(named: "x-access-level") == "read")
  }

  @Test func `two seeds give two sets of tokens`() throws {
    var (one, other) = (Visit(), Visit())
    other.platform = Platform(seed: 2)
    #expect(try one.requestToken().token != other.requestToken().token)
  }
}

@Suite struct Apps {
  @Test func `each built-in app fails as it is meant to`() throws {
    var visit = Visit()
    #expect(try visit.requestToken(app: .good).status == 200)
    #expect(try visit.requestToken(app: .suspended).isError(416))
    #expect(try visit.requestToken(app: .pinOnly).isError(417))
    #expect(try visit.requestToken("oob", app: .pinOnly).status == 200)
    #expect(try visit.requestToken(app: .otherCallback).isError(415))
    let token = try visit.link(app: .notEnrolled)
    let refused = try visit.usersMe(token, app: .notEnrolled)
    #expect(refused.status == 403)
    #expect(refused.text.contains("\"reason\":\"client-not-enrolled\""))
  }

  @Test(arguments: [
    "/", "?", "#", "http://127.0.0.1:8484/Callback", "http://127.0.0.1:8484/call%62ack",
    "http://127.0.0.1:08484/callback", "http://localhost:8484/callback", "OOB", "oob ",
    "http://127.0.0.1:8484/callbac\u{212A}",
  ])
  func `a callback that differs by anything is not approved`(_ other: String) throws {
    var visit = Visit()
    let callback = other.count == 1 ? App.builtInCallback + other : other
    #expect(try visit.requestToken(callback).isError(415))
  }

  @Test func `a callback is required, and an access type is read or write`() throws {
    var visit = Visit()
    #expect(try visit.sign("POST", "/oauth/request_token").isError(38))
    #expect(try visit.requestToken(access: "everything").isError(38))
    #expect(try visit.requestToken(access: "write").status == 200)
  }

  @Test func `suspending an app ends its flows and its tokens`() throws {
    var visit = Visit()
    let token = try visit.link()
    let pending = try visit.requestToken().token
    visit.platform.configuration.apps[0].isSuspended = true
    #expect(try visit.verifyCredentials(token).isError(416))
    #expect(visit.decide(pending).status == 403)
  }
}

@Suite struct Signatures {
  @Test func `what is not signed as it should be is told apart`() throws {
    var visit = Visit()
    #expect(visit.send("POST", "/oauth/request_token").isError(215))
    #expect(visit.send("POST", "/oauth/request_token", authorization: "OAuth x").isError(215))
    var stranger = App.good
    stranger.secret += "x"
    #expect(try visit.requestToken(app: stranger).isError(32))
    stranger.key += "x"
    #expect(try visit.requestToken(app: stranger).isError(32))
  }

  @Test func `a protocol parameter that is there twice is refused`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    let answer = visit.send(
      "POST", "/oauth/access_token?oauth_token=\(token.name)",
      authorization: "OAuth oauth_token=\"\(token.name)\"")
    #expect(answer.isError(215))
  }

  @Test func `a nonce is good for one request with its timestamp`() throws {
    var visit = Visit()
    let callback = [Parameter("oauth_callback", "oob")]
    func ask(_ nonce: String, _ timestamp: Int64) throws -> Answer {
      try visit.sign(
        "POST", "/oauth/request_token", adding: callback, nonce: nonce, timestamp: timestamp)
    }
    #expect(try ask("same", visit.now).status == 200)
    #expect(try ask("same", visit.now).isError(32))
    #expect(try ask("same", visit.now - 1).status == 200)
    #expect(try ask("other", visit.now).status == 200)
  }

  @Test(arguments: [(-301, 135), (-300, nil), (300, nil), (301, 135), (Int64.max, 135)])
  func `a timestamp may be off by the window and no more`(_ skew: Int64, _ code: Int?) throws {
    var visit = Visit()
    let timestamp = skew == .max ? .max : visit.now + skew
    let answer = try visit.sign(
      "POST", "/oauth/request_token", adding: [Parameter("oauth_callback", "oob")],
      timestamp: timestamp)
    #expect(code.map { answer.isError($0) } ?? (answer.status == 200))
  }

  @Test func `a shifted clock shows in the date and refuses those who keep the old one`() throws {
    var visit = Visit()
    visit.platform.configuration.settings.clockOffset = 600
    let refused = try visit.requestToken()
    #expect(refused.isError(135))
    #expect(refused.headers.first(named: "date") == "Tue, 14 Nov 2023 22:23:20 GMT")
  }
}
