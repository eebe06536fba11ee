import OAuth

/// The first and the last leg: what the app's server asks, signed.
extension Platform {
  mutating func requestToken(_ exchange: Exchange) throws(XError) -> Answer {
    let signed = try verify(try read(exchange), tokenSecret: nil, at: exchange.now)
    // "oauth_callback: required", PIN mode too.
    guard let callback = try signed.value(of: "oauth_callback") else { throw .parameterMissing }
    let token = RequestToken(
      token: random.word(27), secret: random.word(32), appKey: signed.app.key,
      callback: try approved(callback, for: signed.app), access: try accessWanted(signed),
      issued: exchange.now)
    forgetOldRequestTokens(exchange.now)
    requestTokens[Key(token.token)] = token
    return .form(
      Form.encode([
        Parameter("oauth_token", token.token), Parameter("oauth_token_secret", token.secret),
        Parameter("oauth_callback_confirmed", "true"),
      ]))
  }

  /// A callback must be one of the app's, to the byte, trailing slash included.
  private func approved(
    _ callback: String, for app: App
  ) throws(XError) -> RequestToken.Callback {
    if Key(callback) == Key("oob") { return .pin }
    if app.callbacks.isEmpty { throw .desktopOnly }
    guard app.callbacks.contains(where: { Key($0) == Key(callback) }) else {
      throw .callbackNotApproved
    }
    return .url(callback)
  }

  /// Less than the app has may be asked for; more is silently not given.
  private func accessWanted(_ signed: Verified) throws(XError) -> Access {
    switch try signed.value(of: "x_auth_access_type") {
    case nil: signed.app.access
    case "read": .read
    case "write": min(signed.app.access, .readWrite)
    // X does not say what it answers here.
    default: throw .parameterMissing
    }
  }

  private mutating func forgetOldRequestTokens(_ now: Int64) {
    guard requestTokens.count >= Limits.requestTokens else { return }
    let lifetime = configuration.settings.requestTokenLifetime
    requestTokens = requestTokens.filter { now - $0.value.issued <= lifetime }
    if requestTokens.count >= Limits.requestTokens,
      let oldest = requestTokens.min(by: { $0.value.issued < $1.value.issued })
    {
      requestTokens[oldest.key] = nil
    }
  }

  /// The request token of this name, if it has not been used up and is not too old.
  func liveRequestToken(_ name: String, at now: Int64) -> RequestToken? {
    guard let token = requestTokens[Key(name)],
      now - token.issued <= configuration.settings.requestTokenLifetime
    else { return nil }
    return token
  }

  mutating func accessToken(_ exchange: Exchange) throws(XError) -> Answer {
    let received = try read(exchange)
    guard let request = liveRequestToken(received.token ?? "", at: exchange.now),
      Key(request.appKey) == Key(received.consumerKey)
    else { throw .invalidToken }
    let signed = try verify(received, tokenSecret: request.secret, at: exchange.now)
    guard let offered = try signed.value(of: "oauth_verifier"),
      case .approved(let userID, let verifier) = request.decision, Key(offered) == Key(verifier),
      let user = user(withID: userID)
    else { throw .invalidVerifier }
    // The verifier works once, and nothing else ever makes this request token good again.
    requestTokens[Key(request.token)] = nil
    let granted = grant(request, to: user)
    return .form(
      Form.encode([
        Parameter("oauth_token", granted.token), Parameter("oauth_token_secret", granted.secret),
        Parameter("user_id", "\(user.id)"), Parameter("screen_name", user.screenName),
      ]))
  }

  /// The same app, user and access give the token that is already there; other access replaces it.
  private mutating func grant(_ request: RequestToken, to user: User) -> AccessToken {
    let earlier = accessToken(ofApp: request.appKey, userID: user.id)
    if let earlier, earlier.access == request.access { return earlier }
    if let earlier { accessTokens[Key(earlier.token)] = nil }
    let token = AccessToken(
      token: "\(user.id)-\(random.word(40))", secret: random.word(45), appKey: request.appKey,
      userID: user.id, access: request.access)
    accessTokens[Key(token.token)] = token
    return token
  }

  func accessToken(ofApp key: String, userID: Int64) -> AccessToken? {
    accessTokens.values.first { Key($0.appKey) == Key(key) && $0.userID == userID }
  }

  /// The user takes back what was granted, in the settings of their account.
  ///
  /// Without an app, from all of them. Returns how many tokens that ended.
  @discardableResult
  public mutating func revoke(screenName: String, appKey: String? = nil) -> Int {
    guard let user = user(named: screenName) else { return 0 }
    let before = accessTokens.count
    accessTokens = accessTokens.filter { _, token in
      token.userID != user.id || appKey.map { Key($0) != Key(token.appKey) } == true
    }
    let renewable = endGrants { grant in
      grant.userID == user.id && appKey.map { Key($0) == Key(grant.appKey) } != false
    }
    return before - accessTokens.count + renewable
  }
}
