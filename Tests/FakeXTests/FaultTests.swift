import FakeX
import OAuth
import Testing

@Suite struct Faults {
  @Test(arguments: XError.table.map(\.code), ErrorFormat.allCases)
  func `every error can be asked for in every spelling`(_ code: Int, _ format: ErrorFormat) throws {
    var visit = Visit()
    let error = try #require(XError.withCode(code))
    visit.platform.fail(.requestToken, Fault(.error(error, format)))
    let answer = try visit.requestToken()
    #expect(answer.status == error.status)
    switch format {
    case .json: #expect(answer.isError(code))
    case .xml: #expect(answer.text.contains("<error code=\"\(code)\">"))
    case .hash: #expect(answer.text.contains("<request>/oauth/request_token</request></hash>"))
    case .plain: #expect(!answer.text.isEmpty && !answer.text.contains("\(code)"))
    case .problem: #expect(answer.text.contains("\"status\":\(error.status)"))
    }
    #expect(try visit.requestToken().status == 200, "once")
  }

  @Test func `the configured spelling is that of the endpoints that are known to vary`() throws {
    var visit = Visit()
    visit.platform.configuration.settings.errorFormat = .plain
    #expect(
      try visit.requestToken(app: App(name: "", key: "a", secret: "b")).text
        == "Failed to validate oauth signature and token")
    let token = Visit.Token(name: "a", secret: "b")
    #expect(try visit.verifyCredentials(token).isError(89))
  }

  @Test func `faults come in the order told, as often as told, for their endpoint only`() throws {
    var visit = Visit()
    visit.platform.fail(.requestToken, .page, times: 2)
    visit.platform.fail(.requestToken, Fault(.error(try #require(.withCode(88)), nil)))
    #expect(visit.send("POST", "/oauth2/token").isError(99))
    #expect(try visit.requestToken().text.contains("<title>Hello"))
    #expect(try visit.requestToken().text.contains("<title>Hello"))
    let limited = try visit.requestToken()
    #expect(limited.isError(88))
    #expect(limited.headers.first(named: "x-rate-limit-remaining") == "0")
    #expect(try visit.requestToken().status == 200)
    #expect(visit.platform.calls == [.requestToken: 4, .bearerToken: 1])
  }

  @Test func `a lost answer has taken effect, a refused request has not`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    let verifier = try #require(visit.decide(token).callback["oauth_verifier"])
    visit.platform.fail(.accessToken, .refused)
    #expect(try visit.accessToken(token, verifier: verifier).delivery == .closed)
    visit.platform.fail(.accessToken, .lost)
    #expect(try visit.accessToken(token, verifier: verifier).delivery == .closed)
    #expect(try visit.accessToken(token, verifier: verifier).isError(89))
  }

  @Test func `a late answer is the true one`() throws {
    var visit = Visit()
    visit.platform.fail(.requestToken, .delayed(milliseconds: 5))
    let answer = try visit.requestToken()
    #expect(answer.delivery == .delayed(milliseconds: 5))
    #expect(answer.form["oauth_callback_confirmed"] == "true")
  }

  @Test func `every answer has a date and the rate`() throws {
    var visit = Visit()
    for target in ["/oauth/request_token", "/nowhere", "/oauth/authorize", "/2/users/me"] {
      for method in ["GET", "POST", "DELETE"] {
        let answer = visit.send(method, target)
        for name in ["date", "x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"] {
          #expect(answer.headers.first(named: name) != nil, "\(method) \(target) \(name)")
        }
      }
    }
    #expect(visit.send("GET", "/oauth/request_token").status == 405)
    #expect(visit.send("GET", "/nowhere").status == 404)
  }

  @Test func `a reset forgets what happened and keeps what is configured`() throws {
    var visit = Visit()
    let token = try visit.link()
    visit.platform.configuration.apps[0].name = "Renamed"
    visit.platform.fail(.usersMe, .hung)
    visit.platform.reset()
    #expect(visit.platform.calls.isEmpty)
    #expect(visit.platform.configuration.apps[0].name == "Renamed")
    #expect(try visit.usersMe(token).status == 401)
    #expect(try visit.link() != token)
  }
}

@Suite struct Controls {
  private func control(_ visit: inout Visit, _ name: String, _ form: String) -> Answer {
    visit.platform.receive(
      Request("POST", "/_fakex/\(name)", body: Array(form.utf8)), at: visit.now)
  }

  @Test func `a control says what comes next`() throws {
    var visit = Visit()
    #expect(control(&visit, "fail", "endpoint=request_token&code=130&format=xml").text == "{}")
    #expect(try visit.requestToken().text.contains("code=\"130\""))
    _ = control(&visit, "fail", "endpoint=request_token&delay_ms=9&times=2")
    for _ in 0..<2 {
      #expect(try visit.requestToken().delivery == .delayed(milliseconds: 9))
    }
    _ = control(&visit, "fail", "endpoint=request_token&close=true&takes_effect=true")
    #expect(try visit.requestToken().delivery == .closed)
    _ = control(&visit, "fail", "endpoint=request_token&status=307&location=http%3A%2F%2Fx%2F")
    #expect(try visit.requestToken().headers.first(named: "location") == "http://x/")
    _ = control(&visit, "fail", "endpoint=request_token&status=200&type=text/html&body=a%3Db")
    #expect(try visit.requestToken().form == ["a": "b"])
    _ = control(&visit, "fail", "endpoint=request_token&kind=huge&bytes=100000&trickle_ms=1")
    let huge = try visit.requestToken()
    #expect(huge.body.count == 100_000 && huge.delivery == .trickled(milliseconds: 1))
    _ = control(&visit, "fail", "endpoint=request_token&kind=bomb&bytes=10000000")
    let bomb = try visit.requestToken()
    #expect(bomb.body.count < 100_000 && bomb.headers.first(named: "content-encoding") == "gzip")
  }

  @Test func `a control changes the clock, the visitor, apps and users`() throws {
    var visit = Visit()
    _ = control(&visit, "clock", "offset=-1000")
    #expect(try visit.requestToken().isError(135))
    _ = control(&visit, "clock", "offset=0")
    _ = control(&visit, "visitor", "auto=deny")
    let token = try visit.requestToken().token
    let page = visit.send("GET", "/oauth/authorize?oauth_token=\(token.name)")
    #expect(page.callback["denied"] == token.name)
    _ = control(&visit, "visitor", "")
    #expect(visit.platform.configuration.settings.visitor == nil)

    let key = App.good.key
    _ = control(&visit, "app", "key=\(key)&add_callback=http%3A%2F%2F127.0.0.1%3A1%2F")
    #expect(try visit.requestToken("http://127.0.0.1:1/").status == 200)
    _ = control(&visit, "app", "key=\(key)&suspended=true")
    #expect(try visit.requestToken().isError(416))
    _ = control(&visit, "app", "key=\(key)&suspended=false&access=read")
    let linked = try visit.link()
    let identity = try visit.verifyCredentials(linked)
    #expect(identity.headers.first(named: "x-access-level") == "read")
    _ = control(&visit, "user", "screen_name=alice&rename=alicia&locked=true")
    #expect(try visit.verifyCredentials(linked).isError(326))
    #expect(control(&visit, "revoke", "screen_name=alicia").text == "{\"revoked\":1}")
    let calls = control(&visit, "calls", "").text
    #expect(calls.contains("\"verify_credentials\":2,"))
    _ = control(&visit, "reset", "")
    #expect(visit.platform.calls.isEmpty)
  }

  @Test(arguments: [
    ("fail", ""), ("fail", "endpoint=nowhere"), ("fail", "endpoint=users_me&code=1"),
    ("fail", "endpoint=users_me&code=x"), ("fail", "endpoint=users_me&code=32&format=yaml"),
    ("fail", "endpoint=users_me&kind=odd"),
    ("fail", "endpoint=users_me&kind=huge&bytes=99999999999"),
    ("fail", "endpoint=users_me&times=0"), ("fail", "endpoint=users_me&times=-9223372036854775808"),
    ("fail", "endpoint=users_me&delay_ms=999999"), ("fail", "endpoint=users_me&hang=perhaps"),
    ("fail", "endpoint=users_me&status=99"), ("clock", "offset=soon"), ("visitor", "auto=maybe"),
    ("app", "key=nobody"), ("app", "key=fakexGoodKey0000000001&access=all"),
    ("user", "screen_name=nobody"), ("revoke", ""), ("nothing", ""), ("clock", "%"),
  ])
  func `a control that makes no sense is refused in words`(_ name: String, _ form: String) {
    var visit = Visit()
    let answer = control(&visit, name, form)
    #expect(answer.status == 400)
    #expect(answer.text.hasPrefix("{\"error\":\""))
  }

  @Test func `no clock can be shifted beyond what can be written`() {
    var visit = Visit()
    for offset in [Int64.min, .max] {
      _ = control(&visit, "clock", "offset=\(offset)")
      let date = visit.send("GET", "/nowhere").headers.first(named: "date")
      #expect(date == "Thu, 01 Jan 1970 00:00:00 GMT" || date == "Fri, 31 Dec 9999 23:59:59 GMT")
    }
  }
}
