import OAuth
import TextCoding

/// A code, from the consent of a person until it is exchanged, which is once and soon.
struct Code: Sendable {
  /// Seconds that X gives it.
  static let lifetime: Int64 = 30

  let clientID: String
  let redirectURI: String
  let challenge: String
  let grant: UserGrant
  let issued: Int64
}

/// What a person has granted to an app by OAuth 2.0.
struct UserGrant: Sendable {
  let appKey: String
  let userID: Int64
  let scopes: [String]
}

/// A token that speaks for a person until its time is up.
struct UserToken: Sendable {
  /// Seconds that X gives it.
  static let lifetime: Int64 = 7200

  let grant: UserGrant
  let issued: Int64
}

/// OAuth 2.0 with PKCE: the page, and what the app's server asks afterwards.
extension Platform {
  /// The page that asks, and its form.
  mutating func consentPage(_ exchange: Exchange) -> Answer {
    let asked = PageRequest(exchange.request)
    guard let app = app(withClientID: asked["client_id"] ?? ""), !app.isSuspended,
      let redirect = asked["redirect_uri"],
      app.callbacks.contains(where: { Key($0) == Key(redirect) }),
      asked["response_type"] == "code", asked["code_challenge_method"] == "S256",
      let challenge = asked["code_challenge"], challenge.utf8.count == 43,
      let state = asked["state"], state.utf8.count <= 500,
      let scopes = asked["scope"]?.split(separator: " ").map(String.init), !scopes.isEmpty
    else { return HTML.somethingWrong }
    let visitor = asked.visitor ?? configuration.settings.visitor
    let approves = asked.choice.map { $0 == .authorize } ?? visitor?.approves
    guard let approves else { return question(app, asked, exchange, scopes) }
    guard approves else {
      return .redirect(
        Self.appending(
          [Parameter("error", "access_denied"), Parameter("state", state)], to: redirect))
    }
    let name = asked.choice == nil ? visitor?.screenName : asked.screenName
    guard let user = name.map({ user(named: $0) }) ?? configuration.users.first else {
      return HTML.unknownUser
    }
    let code = random.word(60)
    codes[Key(code)] = Code(
      clientID: app.clientID ?? "", redirectURI: redirect, challenge: challenge,
      grant: UserGrant(appKey: app.key, userID: user.id, scopes: scopes), issued: exchange.now)
    return .redirect(
      Self.appending([Parameter("state", state), Parameter("code", code)], to: redirect))
  }

  private func question(
    _ app: App, _ asked: PageRequest, _ exchange: Exchange, _ scopes: [String]
  ) -> Answer {
    HTML.question(
      app: app, hidden: asked.all, allowed: scopes.joined(separator: ", "),
      users: configuration.users, path: exchange.request.path, selected: asked.session)
  }

  mutating func codeTokens(_ exchange: Exchange) -> Answer {
    do throws(CodeError) {
      let app = try client(exchange)
      switch value("grant_type", in: exchange) {
      case "authorization_code": return try exchangeCode(exchange, app)
      case "refresh_token": return try rotate(exchange, app)
      default: throw CodeError(400, "unsupported_grant_type", "Value passed for the grant type.")
      }
    } catch { return error.answer }
  }

  private mutating func exchangeCode(
    _ exchange: Exchange, _ app: App
  ) throws(CodeError) -> Answer {
    let name = Key(value("code", in: exchange) ?? "")
    // Once, whatever comes of it.
    guard let code = codes.removeValue(forKey: name), exchange.now - code.issued <= Code.lifetime,
      Key(code.clientID) == Key(app.clientID ?? "")
    else {
      throw CodeError(
        400, "invalid_request", "Value passed for the authorization code was invalid.")
    }
    guard Key(code.redirectURI) == Key(value("redirect_uri", in: exchange) ?? "") else {
      throw CodeError(
        400, "invalid_request",
        "Value passed for the redirect uri did not match the uri of the authorization code.")
    }
    let verifier = CodeVerifier(Secret(value("code_verifier", in: exchange) ?? ""))
    guard Key(verifier.challenge) == Key(code.challenge) else {
      throw CodeError(
        400, "invalid_request",
        "Value passed for the code verifier did not match the code challenge.")
    }
    return tokens(for: code.grant, at: exchange.now)
  }

  /// A refresh token works once: it gives another one.
  private mutating func rotate(_ exchange: Exchange, _ app: App) throws(CodeError) -> Answer {
    let name = Key(value("refresh_token", in: exchange) ?? "")
    guard let grant = refreshTokens[name], Key(grant.appKey) == Key(app.key) else {
      throw CodeError(400, "invalid_request", "Value passed for the token was invalid.")
    }
    refreshTokens[name] = nil
    return tokens(for: grant, at: exchange.now)
  }

  private mutating func tokens(for grant: UserGrant, at now: Int64) -> Answer {
    let access = random.word(90)
    userTokens[Key(access)] = UserToken(grant: grant, issued: now)
    var members: [JSON.Member] = [
      .init(name: "token_type", value: "bearer"),
      .init(name: "expires_in", value: .number(UserToken.lifetime)),
      .init(name: "access_token", value: .string(access)),
      .init(name: "scope", value: .string(grant.scopes.joined(separator: " "))),
    ]
    if grant.scopes.contains("offline.access") {
      let refresh = random.word(90)
      refreshTokens[Key(refresh)] = grant
      members.append(.init(name: "refresh_token", value: .string(refresh)))
    }
    return .json(.object(members))
  }

  /// Ends a token, and with a refresh token all that came of its grant.
  mutating func revokeToken(_ exchange: Exchange) -> Answer {
    do throws(CodeError) {
      let app = try client(exchange)
      let name = Key(value("token", in: exchange) ?? "")
      if let grant = refreshTokens.removeValue(forKey: name) ?? userTokens[name]?.grant,
        Key(grant.appKey) == Key(app.key)
      {
        userTokens[name] = nil
        endGrants { $0.userID == grant.userID && Key($0.appKey) == Key(grant.appKey) }
      }
      // RFC 7009 section 2.2: a token that is none is as good as ended.
      return .json(["revoked": true])
    } catch { return error.answer }
  }

  /// Ends every token of these grants, and says how many could be renewed.
  @discardableResult
  mutating func endGrants(_ isMeant: (UserGrant) -> Bool) -> Int {
    let before = refreshTokens.count
    refreshTokens = refreshTokens.filter { !isMeant($0.value) }
    userTokens = userTokens.filter { !isMeant($0.value.grant) }
    return before - refreshTokens.count
  }

  /// The grant of the bearer token that a request carries; nil if it is not a person's.
  func grantOfBearer(_ exchange: Exchange) -> UserGrant? {
    guard let offered = exchange.request.authorization.afterScheme("bearer"),
      let token = userTokens[Key(offered)], exchange.now - token.issued < UserToken.lifetime
    else { return nil }
    return token.grant
  }

  private func app(withClientID id: String) -> App? {
    configuration.apps.first { app in app.clientID.map { Key($0) == Key(id) } ?? false }
  }

  /// Who asks: by HTTP Basic where the app has a secret, by its name in the body where it has none.
  private func client(_ exchange: Exchange) throws(CodeError) -> App {
    let offered = exchange.request.authorization.afterScheme("basic")
    let named = value("client_id", in: exchange)
    let app = configuration.apps.first { app in
      guard let id = app.clientID, !app.isSuspended else { return false }
      if let secret = app.clientSecret {
        let pair = PercentEncoding.encode(id) + ":" + PercentEncoding.encode(secret)
        let expected = String(decoding: Base64.encode(pair.utf8), as: UTF8.self)
        return offered.map { Key($0) == Key(expected) } ?? false
      }
      return offered == nil && named.map { Key($0) == Key(id) } ?? false
    }
    guard let app else {
      throw CodeError(401, "unauthorized_client", "Missing valid authorization header")
    }
    return app
  }

  private func value(_ name: String, in exchange: Exchange) -> String? {
    let form = (try? Form.decode(exchange.request.form)) ?? []
    return form.first { $0.name == name }?.value
  }
}

/// How the token endpoint says no (RFC 6749 section 5.2).
struct CodeError: Error {
  private let status: Int
  private let error: String
  private let description: String

  init(_ status: Int, _ error: String, _ description: String) {
    self.status = status
    self.error = error
    self.description = description
  }

  var answer: Answer {
    let json: JSON = ["error": .string(error), "error_description": .string(description)]
    return Answer(status, type: "application/json; charset=utf-8", json.description)
  }
}
