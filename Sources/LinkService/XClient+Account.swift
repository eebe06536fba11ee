internal import LinkAPI
internal import OAuth

/// What is asked with the token of an account.
extension XClient {
  /// Whose token it is, and what it may do.
  func identity(
    of account: AccountRecord, keys: ConsumerKeys, timeout: Duration
  ) async throws(XFailure) -> Identity {
    let token = Credentials(identifier: account.token, secret: Secret(account.tokenSecret))
    return try await ask(.verifyCredentials, with: keys, timeout: timeout) {
      () throws(OAuthError) in
      try context(keys, token).verifyCredentials()
    }.value
  }

  /// Ends a token.
  func endToken(of record: RevocationRecord, timeout: Duration) async throws(XFailure) {
    let token = Credentials(identifier: record.token, secret: Secret(record.tokenSecret))
    _ = try await ask(.invalidateToken, with: record.keys, timeout: timeout) {
      () throws(OAuthError) in
      try context(record.keys ?? ConsumerKeys(), token).invalidateToken()
    }
  }

  /// The header that makes a request one of the account's; asks nobody.
  ///
  /// The token of an account that was linked by OAuth 2.0 must be good: see `TokenRenewal`.
  func authorization(
    for request: SignableRequest, of account: AccountRecord
  ) throws(XFailure) -> String {
    // RFC 6750: there is nothing to sign with, only the token itself.
    if account.linkMethod == .oauth2 { return "Bearer \(account.token)" }
    let token = Credentials(identifier: account.token, secret: Secret(account.tokenSecret))
    let signer = context(account.keys ?? ConsumerKeys(), token).signer
    do throws(OAuthError) {
      // Who sends the request cannot ask again with another time, as we do.
      let stamp = Stamp(nonce: try stamp().nonce, timestamp: clock.seconds &+ skew.correction)
      return try signer.authorization(for: request, stamp: stamp).value
    } catch {
      throw .notAsked(error)
    }
  }

  private func context(_ keys: ConsumerKeys, _ token: Credentials) -> UserContext {
    UserContext(
      provider: provider,
      client: Credentials(identifier: keys.consumerKey, secret: Secret(keys.consumerSecret)),
      token: token)
  }
}

/// What is asked for an application alone.
extension XClient {
  /// The application's own token, which is given for a good pair whatever the app's type.
  func bearer(_ keys: ConsumerKeys, timeout: Duration) async throws(XFailure) -> Secret {
    try await ask(.bearerToken, with: keys, timeout: timeout) { () throws(OAuthError) in
      try application(keys).bearerToken()
    }.value
  }

  /// Asks the newer API for the user of a token that has none: what it refuses with tells whether
  /// the application may use it.
  func askAsApplication(
    _ keys: ConsumerKeys, bearer: Secret, timeout: Duration
  ) async throws(XFailure) {
    _ = try await ask(.enrolment, with: keys, timeout: timeout) { () throws(OAuthError) in
      try application(keys).usersMe(bearer: bearer)
    }
  }

  private func application(_ keys: ConsumerKeys) -> ApplicationContext {
    ApplicationContext(
      provider: provider,
      client: Credentials(identifier: keys.consumerKey, secret: Secret(keys.consumerSecret)))
  }
}
