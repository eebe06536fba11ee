import Testing
import linkctl

struct CallbackTests {
  @Test(arguments: [
    ("oauth_token=t&oauth_verifier=v", Callback.granted(token: "t", verifier: "v")),
    ("oauth_verifier=a%2Bb&oauth_token=c+d", .granted(token: "c d", verifier: "a+b")),
    ("state=mine&oauth_token=t&oauth_verifier=v", .granted(token: "t", verifier: "v")),
    ("denied=t", .denied(token: "t")),
    ("state=s&code=c", .code(state: "s", code: "c")),
    ("error=access_denied&state=s", .denied(token: "s")),
  ])
  func `a callback is an agreement or a denial`(_ query: String, _ callback: Callback) {
    #expect(Callback(query: query) == callback)
    #expect(Callback(url: "http://127.0.0.1:8765/callback?\(query)") == callback)
  }

  @Test(arguments: [
    "", "oauth_token=t", "oauth_verifier=v", "denied", "oauth_token=t&oauth_verifier=v&denied=t",
    "oauth_token=t&oauth_token=u&oauth_verifier=v", "oauth_token=%zz&oauth_verifier=v",
    "oauth_token=%ff&oauth_verifier=v", "code=c", "state=s", "state=s&code=c&error=access_denied",
    "state=s&error=server_error", "oauth_token=t&oauth_verifier=v&state=s&code=c&denied=t",
  ])
  func `anything else is no callback`(_ query: String) {
    #expect(Callback(query: query) == nil)
  }

  @Test func `a URL without a query is no callback`() {
    #expect(Callback(url: "http://127.0.0.1:8765/callback") == nil)
    #expect(Callback(url: "not a url") == nil)
  }
}
