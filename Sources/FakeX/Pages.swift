import OAuth

/// The second leg: what the user sees in the browser.
extension Platform {
  mutating func page(_ exchange: Exchange) -> Answer {
    let asked = PageRequest(exchange.request)
    guard let token = liveRequestToken(asked.token, at: exchange.now),
      case .pending = token.decision, let app = app(withKey: token.appKey)
    else { return HTML.expired }
    guard !app.isSuspended else { return HTML.suspended }
    if exchange.endpoint == .authenticate {
      guard app.allowsSignIn, token.callback != .pin else { return HTML.noSignIn }
    }
    if let choice = asked.choice { return choose(choice, asked, token) }
    if let visitor = asked.visitor ?? configuration.settings.visitor {
      return decide(visitor, asked, token)
    }
    if let user = signedIn(asked, exchange, token) { return approve(token, by: user) }
    return HTML.question(
      app: app, hidden: [("oauth_token", token.token)], allowed: HTML.allowed(token.access),
      users: configuration.users, path: exchange.request.path,
      selected: asked.screenName ?? asked.session)
  }

  /// Redirects at once if already granted, using the account logged in now.
  private func signedIn(
    _ asked: PageRequest, _ exchange: Exchange, _ token: RequestToken
  ) -> User? {
    guard exchange.endpoint == .authenticate, !asked.forceLogin, let session = asked.session,
      let user = user(named: session),
      let granted = accessToken(ofApp: token.appKey, userID: user.id),
      granted.access == token.access
    else { return nil }
    return user
  }

  /// The answer to the form of the page.
  private mutating func choose(
    _ choice: PageRequest.Choice, _ asked: PageRequest, _ token: RequestToken
  ) -> Answer {
    switch choice {
    case .cancel:
      deny(token)
      return HTML.denied(back: deniedURL(token))
    case .authorize:
      guard let user = asked.screenName.flatMap({ user(named: $0) }) else {
        return HTML.unknownUser
      }
      return approve(token, by: user)
    }
  }

  /// What a visitor does who decides without looking; cancelling takes the link back too.
  private mutating func decide(
    _ visitor: Visitor, _ asked: PageRequest, _ token: RequestToken
  ) -> Answer {
    let name = visitor.screenName ?? asked.screenName
    guard let user = name.map({ user(named: $0) }) ?? configuration.users.first else {
      return HTML.unknownUser
    }
    if visitor.approves { return approve(token, by: user) }
    deny(token)
    return deniedURL(token).map { .redirect($0) } ?? HTML.denied(back: nil)
  }

  private mutating func deny(_ token: RequestToken) {
    requestTokens[Key(token.token)]?.decision = .denied
  }

  private func deniedURL(_ token: RequestToken) -> String? {
    guard case .url(let callback) = token.callback else { return nil }
    return Self.appending([Parameter("denied", token.token)], to: callback)
  }

  private mutating func approve(_ token: RequestToken, by user: User) -> Answer {
    let verifier = token.callback == .pin ? random.pin() : random.word(32)
    requestTokens[Key(token.token)]?.decision = .approved(userID: user.id, verifier: verifier)
    let session = Header(
      "Set-Cookie",
      "\(PageRequest.sessionCookie)=\(PercentEncoding.encode(user.screenName)); Path=/oauth; "
        + "HttpOnly; SameSite=Lax")
    switch token.callback {
    case .pin: return HTML.pin(verifier, headers: [session])
    case .url(let callback):
      let parameters = [
        Parameter("oauth_token", token.token), Parameter("oauth_verifier", verifier),
      ]
      return .redirect(Self.appending(parameters, to: callback), headers: [session])
    }
  }

  static func appending(_ parameters: [Parameter], to url: String) -> String {
    url + (url.contains("?") ? "&" : "?") + Form.encode(parameters)
  }
}

/// What the browser says when it asks for a page or sends its form.
struct PageRequest: Sendable {
  enum Choice: String, Sendable {
    case authorize, cancel
  }

  static let sessionCookie = "fakex_user"

  private let parameters: [Parameter]
  /// The account that the browser is logged in with.
  let session: String?

  init(_ request: Request) {
    let isForm = request.method == "POST"
    parameters =
      (try? isForm ? Form.decode(request.form) : Form.decode(request.query.utf8)) ?? []
    session = (request.headers.first(named: "cookie") ?? "").split(separator: ";")
      .map { $0.drop { $0 == " " } }
      .first { $0.hasPrefix(Self.sessionCookie + "=") }
      .flatMap { try? PercentEncoding.decode(String($0.dropFirst(Self.sessionCookie.count + 1))) }
    choice =
      isForm ? parameters.first { $0.name == "choice" }.flatMap { Choice(rawValue: $0.value) } : nil
  }

  /// The button that was pressed.
  let choice: Choice?
  var token: String { self["oauth_token"] ?? "" }
  var screenName: String? { self["screen_name"] }
  var forceLogin: Bool { self["force_login"] == "true" }

  /// `auto=approve` or `auto=deny`, and `user=` for whom: not X's, but ours for tests.
  var visitor: Visitor? {
    switch self["auto"] {
    case "approve": Visitor(approves: true, screenName: self["user"])
    case "deny": Visitor(approves: false, screenName: self["user"])
    default: nil
    }
  }

  /// Everything that was asked, for a form that asks it again.
  var all: [(name: String, value: String)] { parameters.map { ($0.name, $0.value) } }

  subscript(name: String) -> String? {
    let value = parameters.first { $0.name == name }?.value
    return value?.isEmpty == true ? nil : value
  }
}
