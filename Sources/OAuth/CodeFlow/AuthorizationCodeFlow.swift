/// The flow of RFC 6749 section 4.1 with PKCE (RFC 7636): the user's consent, a code, tokens.
///
/// A value without state: `state` and verifier are kept by the caller, who has to bind them to one
/// user, and are compared, and handed to the last leg.
public struct AuthorizationCodeFlow: Sendable {
  /// Whom to ask.
  public let provider: ProviderDescription
  /// The application's client id and secret; the secret is empty for a public client.
  public let client: Credentials

  /// Runs the flow of one application at one provider.
  public init(provider: ProviderDescription, client: Credentials) {
    self.provider = provider
    self.client = client
  }

  /// The first leg: where to send the user's browser.
  ///
  /// `state` must be a fresh secret of this flow. The provider sends it back with the code.
  public func consentURL(
    redirectURI: String, scopes: [String], state: String, verifier: CodeVerifier
  ) throws(OAuthError) -> String {
    let code = try endpoints
    // X takes up to 500.
    guard (32...Limits.state).contains(state.utf8.count), state.utf8.allSatisfy(\.isVisible) else {
      throw OAuthError(.invalidParameter, "a state is 32 to \(Limits.state) visible characters")
    }
    let origin = code.authorizeOrigin ?? provider.origin
    return origin + code.authorizePath + "?"
      + Form.encode([
        Parameter("response_type", "code"), Parameter("client_id", client.identifier),
        Parameter("redirect_uri", try Callback.url(redirectURI).parameterValue),
        Parameter("scope", scopes.joined(separator: " ")), Parameter("state", state),
        Parameter("code_challenge", verifier.challenge), Parameter("code_challenge_method", "S256"),
      ])
  }

  /// The last leg: exchanges a code, which works once, for tokens.
  ///
  /// Compare the `state` that came with it before, with `constantTimeEquals`.
  public func tokens(
    for code: String, redirectURI: String, verifier: CodeVerifier
  ) throws(OAuthError) -> ProviderCall<TokenGrant> {
    guard (1...Limits.bearer).contains(code.utf8.count) else {
      throw OAuthError(.invalidParameter, "the code is empty or too long")
    }
    return try ask(
      try endpoints.tokenPath,
      [
        Parameter("grant_type", "authorization_code"), Parameter("code", code),
        Parameter("redirect_uri", redirectURI), Parameter("code_verifier", verifier.secret.text),
      ], invalidGrant: .verifierRejected, TokenGrant.init(answer:))
  }

  /// Exchanges a refresh token, which works once at providers that rotate them, for new tokens.
  public func renewal(of refreshToken: Secret) throws(OAuthError) -> ProviderCall<TokenGrant> {
    try ask(
      try endpoints.tokenPath,
      [Parameter("grant_type", "refresh_token"), Parameter("refresh_token", refreshToken.text)],
      invalidGrant: .tokenRejected, TokenGrant.init(answer:))
  }

  /// Ends a token (RFC 7009): the refresh token where there is one, which ends what came of it, too.
  public func revocation(of token: Secret) throws(OAuthError) -> ProviderCall<Void> {
    guard let path = try endpoints.revokePath else {
      throw OAuthError(.notOffered, "the provider has no address for this")
    }
    return try ask(path, [Parameter("token", token.text)], invalidGrant: .tokenRejected) {
      _ throws(MalformedAnswer) in
    }
  }

  /// Asks whose token it is (X: `users/me`, which costs a paid read).
  public func identity(of accessToken: Secret) throws(OAuthError) -> ProviderCall<Identity> {
    let code = try endpoints
    var failures = code.failures
    // RFC 6750 section 3.1: the token is expired, revoked, malformed, or invalid otherwise.
    failures.statuses[401] = .tokenRejected
    return ProviderCall(
      target: SignableRequest(method: "GET", url: provider.origin + code.identity.path),
      authorization: .bearer(accessToken), failures: failures
    ) { [identity = code.identity] answer throws(MalformedAnswer) in try identity.read(answer) }
  }

  private var endpoints: CodeProvider {
    get throws(OAuthError) {
      guard let code = provider.code else {
        throw OAuthError(.notOffered, "the provider does not offer OAuth 2.0")
      }
      return code
    }
  }

  /// RFC 6749 section 2.3.1: a client with a secret authenticates by HTTP Basic, one without names
  /// itself in the body.
  private func ask<Value>(
    _ path: String, _ parameters: [Parameter], invalidGrant: ProviderFailure.Kind,
    _ read: @escaping @Sendable (ProviderAnswer) throws(MalformedAnswer) -> Value
  ) throws(OAuthError) -> ProviderCall<Value> {
    var failures = try endpoints.failures
    failures.problems["invalid_grant"] = invalidGrant
    let isPublic = client.secret.isEmpty
    let body = parameters + (isPublic ? [Parameter("client_id", client.identifier)] : [])
    return ProviderCall(
      target: SignableRequest(method: "POST", url: provider.origin + path, body: .form(body)),
      authorization: isPublic ? .none : .basic(client), failures: failures, read: read)
  }
}

/// What the token endpoint gives (RFC 6749 section 5.1).
public struct TokenGrant: Sendable {
  /// What requests are made with.
  public let accessToken: Secret
  /// What gives the next tokens; nil where the provider gave none.
  public let refreshToken: Secret?
  /// For how many seconds the access token is good; nil where the provider does not say.
  public let lifetime: Int64?
  /// What was granted; nil if it is what was asked for.
  public let scopes: [String]?

  init(answer: ProviderAnswer) throws(MalformedAnswer) {
    let object = try answer.json()
    // RFC 6749 section 7.1: a client must not use a token of a type it does not know.
    let type = try object.requiredText("token_type", limit: Limits.identity)
    guard type.utf8.map(\.asciiLowercased).elementsEqual("bearer".utf8) else {
      throw MalformedAnswer("token_type is not bearer")
    }
    accessToken = try object.requiredToken("access_token")
    refreshToken =
      object["refresh_token"] == nil ? nil : try object.requiredToken("refresh_token")
    lifetime = object["expires_in"]?.integer.map { Int64(max(0, min($0, Limits.tokenLifetime))) }
    scopes = object["scope"]?.text.map { $0.split(separator: " ").map(String.init) }
  }
}

extension JSON {
  /// RFC 6750 section 2.1: a token has no character that a header could not carry.
  fileprivate func requiredToken(_ name: String) throws(MalformedAnswer) -> Secret {
    let text = try requiredText(name, limit: Limits.bearer)
    guard text.utf8.allSatisfy(\.isVisible) else {
      throw MalformedAnswer("\(name) has characters that no header can carry")
    }
    return Secret(text)
  }
}

/// What the query of a callback says (RFC 6749 section 4.1.2).
public enum CodeOutcome: Sendable, Hashable {
  /// The user has agreed.
  case granted(state: String, code: String)
  /// The user has said no, or the provider has, with this error.
  case refused(state: String, error: String)

  /// Reads the query of the address that the browser was sent to.
  ///
  /// Throws if it is neither.
  public init(callbackQuery query: String) throws(OAuthError) {
    let parameters = try Form.decode(query.utf8)
    let state = try parameters.requiredValue(of: "state")
    if let error = try parameters.onlyValue(of: "error") {
      guard try parameters.onlyValue(of: "code") == nil, !error.isEmpty else {
        throw OAuthError(.invalidParameter, "the callback says both yes and no")
      }
      self = .refused(state: state, error: error)
    } else {
      self = .granted(state: state, code: try parameters.requiredValue(of: "code"))
    }
  }
}

extension CodeOutcome: Redacted {}
