import FakeX
import OAuth

/// The server of an app and the browser of a user, talking to a platform that is a value.
struct Visit {
  var platform = Platform(seed: 1)
  var now: Int64 = 1_700_000_000
  private var stamps = 0

  /// A token and its secret.
  struct Token: Equatable {
    var name: String
    var secret: String
  }

  /// Sends a signed request and returns the answer.
  mutating func sign(
    _ method: String, _ target: String, app: App = .good, token: Token? = nil,
    adding: [Parameter] = [], form: [Parameter] = [], nonce: String? = nil,
    timestamp: Int64? = nil
  ) throws -> Answer {
    stamps += 1
    let url = "http://127.0.0.1:8480\(target)"
    let signer = Signer(
      client: Credentials(identifier: app.key, secret: Secret(app.secret)),
      token: token.map { Credentials(identifier: $0.name, secret: Secret($0.secret)) })
    let header = try signer.authorization(
      for: SignableRequest(method: method, url: url, body: form.isEmpty ? .none : .form(form)),
      adding: adding,
      stamp: Stamp(nonce: try Nonce(nonce ?? "nonce\(stamps)"), timestamp: timestamp ?? now))
    return send(method, target, authorization: header.value, form: form)
  }

  /// Sends a request as it is.
  mutating func send(
    _ method: String, _ target: String, authorization: String? = nil, form: [Parameter] = [],
    cookie: String? = nil
  ) -> Answer {
    var headers = [Header("Host", "127.0.0.1:8480")]
    if let authorization { headers.append(Header("Authorization", authorization)) }
    if let cookie { headers.append(Header("Cookie", cookie)) }
    if !form.isEmpty { headers.append(Header("Content-Type", Form.mediaType)) }
    return platform.receive(
      Request(method, target, headers: headers, body: Array(Form.encode(form).utf8)), at: now)
  }

  mutating func requestToken(
    _ callback: String = App.builtInCallback, app: App = .good, access: String? = nil
  ) throws -> Answer {
    var adding = [Parameter("oauth_callback", callback)]
    if let access { adding.append(Parameter("x_auth_access_type", access)) }
    return try sign("POST", "/oauth/request_token", app: app, adding: adding)
  }

  mutating func accessToken(
    _ token: Token, verifier: String, app: App = .good
  ) throws -> Answer {
    try sign(
      "POST", "/oauth/access_token", app: app, token: token,
      form: [Parameter("oauth_verifier", verifier)])
  }

  /// Opens the page in automatic mode.
  mutating func decide(
    _ token: Token, _ decision: String = "approve", user: String = "alice"
  ) -> Answer {
    send("GET", "/oauth/authorize?oauth_token=\(token.name)&auto=\(decision)&user=\(user)")
  }

  /// Goes all the way and returns the access token.
  mutating func link(
    user: String = "alice", app: App = .good, access: String? = nil
  ) throws -> Token {
    let token = try requestToken(app: app, access: access).token
    let verifier = decide(token, user: user).callback["oauth_verifier"] ?? ""
    return try accessToken(token, verifier: verifier, app: app).token
  }

  mutating func verifyCredentials(_ token: Token, app: App = .good) throws -> Answer {
    try sign("GET", "/1.1/account/verify_credentials.json", app: app, token: token)
  }

  mutating func usersMe(
    _ token: Token, app: App = .good, query: String = ""
  ) throws -> Answer {
    try sign("GET", "/2/users/me\(query)", app: app, token: token)
  }
}

extension Answer {
  var text: String { String(decoding: body, as: UTF8.self) }

  /// The form in the body.
  var form: [String: String] { Self.dictionary(text.utf8) }

  /// The query of the address that the browser is sent to.
  var callback: [String: String] {
    let location = headers.first(named: "location") ?? ""
    return Self.dictionary(location.drop { $0 != "?" }.dropFirst().utf8)
  }

  var token: Visit.Token {
    Visit.Token(name: form["oauth_token"] ?? "", secret: form["oauth_token_secret"] ?? "")
  }

  var pin: String { headers.first(named: "x-fakex-pin") ?? "" }

  private static func dictionary(_ bytes: some Collection<UInt8>) -> [String: String] {
    let parameters = (try? Form.decode(bytes)) ?? []
    return Dictionary(parameters.map { ($0.name, $0.value) }) { first, _ in first }
  }

  /// Whether this is the JSON error of that number, with its status.
  func isError(_ code: Int) -> Bool {
    status == XError.withCode(code)?.status && text.hasPrefix("{\"errors\":[{\"code\":\(code),")
  }
}
