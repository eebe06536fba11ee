import OAuth
import TextCoding

/// App-only authentication: the keys alone, without a user.
extension Platform {
  mutating func bearerToken(_ exchange: Exchange) throws(XError) -> Answer {
    let app = try appByBasic(exchange)
    guard value("grant_type", in: exchange) == "client_credentials" else {
      throw .unverifiableCredentials
    }
    let known = bearers[Key(app.key)]
    let bearer = known ?? "AAAAAAAAAAAAAAAAAAAAA\(random.word(90))"
    // One token per app: repeats return the same one.
    bearers[Key(app.key)] = bearer
    return .json(["token_type": "bearer", "access_token": .string(bearer)])
  }

  /// X's two pages disagree on who may ask; both ways work here.
  mutating func invalidateBearer(_ exchange: Exchange) throws(XError) -> Answer {
    let app =
      exchange.request.authorization.afterScheme("basic") == nil
      ? try appByOwner(exchange) : try appByBasic(exchange)
    guard let bearer = bearers[Key(app.key)], let named = value("access_token", in: exchange),
      Key(named) == Key(bearer)
    else { throw .unverifiableCredentials }
    bearers[Key(app.key)] = nil
    return .json(["access_token": .string(bearer)])
  }

  /// The app whose bearer token the request carries.
  func appOfBearer(_ exchange: Exchange) -> App? {
    guard let offered = exchange.request.authorization.afterScheme("bearer") else { return nil }
    return configuration.apps.first { bearers[Key($0.key)].map { Key($0) } == Key(offered) }
  }

  private mutating func appByOwner(_ exchange: Exchange) throws(XError) -> App {
    let received = try read(exchange)
    guard let token = accessTokens[Key(received.token ?? "")] else { throw .invalidToken }
    return try verify(received, tokenSecret: token.secret, at: exchange.now).app
  }

  /// `Basic base64(urlencode(key):urlencode(secret))`.
  ///
  /// Compared with what each app would have to send, so that nothing need be decoded.
  private func appByBasic(_ exchange: Exchange) throws(XError) -> App {
    guard let offered = exchange.request.authorization.afterScheme("basic"),
      let app = configuration.apps.first(where: { Key(offered) == Key(Self.basic($0)) }),
      !app.isSuspended
    else { throw .unverifiableCredentials }
    return app
  }

  private static func basic(_ app: App) -> String {
    let pair = PercentEncoding.encode(app.key) + ":" + PercentEncoding.encode(app.secret)
    return String(decoding: Base64.encode(pair.utf8), as: UTF8.self)
  }

  private func value(_ name: String, in exchange: Exchange) -> String? {
    let form = (try? Form.decode(exchange.request.form)) ?? []
    return form.first { $0.name == name }?.value
  }
}
