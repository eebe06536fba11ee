internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import Protobuf
internal import TextCoding

/// What is asked by OAuth 2.0.
extension XClient {
  private static let stateLength = 32
  private static let verifierLength = 32

  /// The first leg, for which nobody is asked: where the user's browser is sent, and the state and
  /// the code verifier that are kept in the place of a request token and its secret.
  func codeRequest(
    for plan: StartPlan, _ keys: ConsumerKeys, redirectURI: String
  ) throws(XFailure) -> (RequestToken, authorizeURL: String) {
    do throws(OAuthError) {
      // Without randomness there are no bytes, and neither takes too few.
      let state = Hex.encode((try? Random.bytes(Self.stateLength)) ?? [])
      let verifier = try CodeVerifier(entropy: (try? Random.bytes(Self.verifierLength)) ?? [])
      let url = try codeFlow(keys).consentURL(
        redirectURI: redirectURI, scopes: plan.scopes, state: state, verifier: verifier)
      let kept = Credentials(identifier: state, secret: verifier.secret)
      return (RequestToken(credentials: kept), url)
    } catch { throw .notAsked(error) }
  }

  /// Whether the provider knows the application: it is offered a code that it cannot have given, and
  /// must refuse that code and not the application.
  ///
  /// RFC 6749 section 4.1.3: an application that has a secret is authenticated before its code is
  /// looked at. Returns by how many seconds the provider's clock was ahead of ours.
  func recognition(
    of keys: ConsumerKeys, redirectURI: String, timeout: Duration
  ) async throws(XFailure) -> Int64? {
    let code = Hex.encode((try? Random.bytes(Self.stateLength)) ?? [])
    do throws(XFailure) {
      return try await ask(.codeRecognition, with: keys, timeout: timeout) {
        () throws(OAuthError) in
        try codeFlow(keys).tokens(
          for: code, redirectURI: redirectURI,
          verifier: try CodeVerifier(entropy: (try? Random.bytes(Self.verifierLength)) ?? []))
      }.clockSkew
    } catch {
      guard error.saysVerifierIsWrong else { throw error }
      return error.clockSkew
    }
  }

  /// The last leg: the tokens for a link whose user has agreed.
  func tokens(
    for link: LinkRecord, code: String, timeout: Duration
  ) async throws(XFailure) -> TokenGrant {
    try await ask(.codeToken, with: link.keys, timeout: timeout) { () throws(OAuthError) in
      try codeFlow(link.keys ?? ConsumerKeys()).tokens(
        for: code, redirectURI: link.redirectURI,
        verifier: CodeVerifier(Secret(link.requestTokenSecret)))
    }.value
  }

  /// New tokens for those of an account, whose refresh token is used up by it.
  func renewal(
    of account: AccountRecord, keys: ConsumerKeys, timeout: Duration
  ) async throws(XFailure) -> TokenGrant {
    try await ask(.codeRenewal, with: keys, timeout: timeout) { () throws(OAuthError) in
      try codeFlow(keys).renewal(of: Secret(account.refreshToken))
    }.value
  }

  /// Whose token it is: a paid read at X.
  func identity(
    ofToken token: Secret, keys: ConsumerKeys?, timeout: Duration
  ) async throws(XFailure) -> Identity {
    try await ask(.usersMe, with: keys, timeout: timeout) { () throws(OAuthError) in
      try codeFlow(ConsumerKeys()).identity(of: token)
    }.value
  }

  /// Ends a token.
  func endCodeToken(of record: RevocationRecord, timeout: Duration) async throws(XFailure) {
    _ = try await ask(.codeRevocation, with: record.keys, timeout: timeout) {
      () throws(OAuthError) in
      try codeFlow(record.keys ?? ConsumerKeys()).revocation(of: Secret(record.token))
    }
  }

  private func codeFlow(_ keys: ConsumerKeys) -> AuthorizationCodeFlow {
    AuthorizationCodeFlow(
      provider: provider,
      client: Credentials(identifier: keys.consumerKey, secret: Secret(keys.consumerSecret)))
  }
}

extension LinkMethod {
  /// What stands in older records, and in requests that leave it out, is OAuth 1.0a.
  var orOAuth1: LinkMethod { self == .unspecified ? .oauth1 : self }
}
