import FakeX
import OAuth
import Testing

@Suite struct Pages {
  @Test func `the page shows the app and every user, and its form decides`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    let page = visit.send("GET", "/oauth/authorize?oauth_token=\(token.name)&screen_name=bob")
    #expect(page.status == 200)
    #expect(page.text.contains("Authorize Good App to access your account?"))
    #expect(page.text.contains("value=\"alice\">"))
    #expect(page.text.contains("value=\"bob\" checked> Bob &lt;b&gt;&amp; Sons&lt;/b&gt; @bob"))
    #expect(page.text.contains("name=\"oauth_token\" value=\"\(token.name)\""))
    #expect(page.headers.first(named: "cache-control") == "no-store")

    let answer = visit.press("authorize", token, user: "bob")
    #expect(answer.status == 302)
    let verifier = try #require(answer.callback["oauth_verifier"])
    #expect(try visit.accessToken(token, verifier: verifier).form["screen_name"] == "bob")
  }

  @Test func `who cancels on the page is offered a way back and need not take it`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    let page = visit.press("cancel", token, user: "bob")
    #expect(page.status == 200)
    #expect(page.text.contains("<a href=\"\(App.builtInCallback)?denied=\(token.name)\">"))
    let pin = try visit.requestToken("oob").token
    #expect(!visit.press("cancel", pin, user: "bob").text.contains("<a "))
  }

  @Test func `nobody in particular cannot agree`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    #expect(visit.press("authorize", token, user: "mallory").status == 400)
    #expect(visit.decide(token, user: "mallory").status == 400)
    #expect(visit.decide(token, user: "alice").status == 302)
  }

  @Test func `names with markup in them stay text`() throws {
    var visit = Visit()
    visit.platform.configuration.apps[0].name = "<script>\"'&"
    let token = try visit.requestToken().token
    let page = visit.send("GET", "/oauth/authorize?oauth_token=\(token.name)")
    #expect(!page.text.contains("<script"))
    #expect(page.text.contains("&lt;script&gt;&quot;&#39;&amp;"))
  }

  @Test(arguments: ["", "?oauth_token=", "?oauth_token=unknown", "?oauth_token=%", "?x=y"])
  func `without a live request token there is nothing to decide`(_ query: String) {
    var visit = Visit()
    #expect(visit.send("GET", "/oauth/authorize\(query)").status == 403)
  }

  @Test func `a callback that has a query keeps it`() throws {
    var visit = Visit()
    let callback = "https://app.example/back?tenant=1"
    visit.platform.configuration.apps[0].callbacks.append(callback)
    let token = try visit.requestToken(callback).token
    let location = visit.decide(token).headers.first(named: "location")
    #expect(location?.hasPrefix(callback + "&oauth_token=") == true)
  }

  @Test func `authenticate sends back at once who is logged in and has agreed before`() throws {
    var visit = Visit()
    let cookie = "a=b; fakex_user=alice"
    func open(_ page: String, _ more: String = "", access: String? = nil) throws -> Int {
      let token = try visit.requestToken(access: access).token
      return visit.send("GET", "/oauth/\(page)?oauth_token=\(token.name)\(more)", cookie: cookie)
        .status
    }
    #expect(try open("authenticate") == 200, "has not agreed yet")
    _ = try visit.link()
    #expect(try open("authenticate") == 302)
    #expect(try open("authorize") == 200, "always asks")
    #expect(try open("authenticate", "&force_login=true") == 200)
    #expect(try open("authenticate", access: "read") == 200, "has agreed to something else")
    visit.platform.configuration.apps[0].allowsSignIn = false
    #expect(try open("authenticate") == 403)
  }

  @Test func `agreeing logs in`() throws {
    var visit = Visit()
    let token = try visit.requestToken().token
    let cookie = visit.decide(token).headers.first(named: "set-cookie")
    #expect(cookie?.hasPrefix("fakex_user=alice; ") == true)
  }

  @Test func `a visitor who is set decides for every page`() throws {
    var visit = Visit()
    visit.platform.configuration.settings.visitor = Visitor(approves: true, screenName: "bob")
    let token = try visit.requestToken().token
    let answer = visit.send("GET", "/oauth/authorize?oauth_token=\(token.name)")
    #expect(answer.callback["oauth_verifier"] != nil)
    visit.platform.configuration.settings.visitor = Visitor(approves: false)
    let other = try visit.requestToken("oob").token
    #expect(visit.send("GET", "/oauth/authorize?oauth_token=\(other.name)").status == 200)
    #expect(try visit.accessToken(other, verifier: "1234567").status == 401)
  }
}

extension Visit {
  mutating func press(_ button: String, _ token: Token, user: String) -> Answer {
    send(
      "POST", "/oauth/authorize",
      form: [
        Parameter("oauth_token", token.name), Parameter("screen_name", user),
        Parameter("choice", button),
      ])
  }
}
