internal import LinkAPI
internal import OAuth

/// What is asked with the token of an account.
extension XClient {
  /// Whose token it is, and what it may do.
  func identity(
    of account: AccountRecord, keys: ConsumerKeys, timeout: Duration
  ) async throws(XFailure) -> Identity {
    let token = Credentials(identifier: account.token, secret: Secret(account.tokenSecret))
    return try await ask(timeout: timeout) { () throws(OAuthError) in
      try context(keys, token).verifyCredentials()
    }.value
  }

  /// Ends a token.
  func endToken(of record: RevocationRecord, timeout: Duration) async throws(XFailure) {
    let token = Credentials(identifier: record.token, secret: Secret(record.tokenSecret))
    _ = try await ask(timeout: timeout) { () throws(OAuthError) in
      try context(record.keys ?? ConsumerKeys(), token).invalidateToken()
    }
  }

  private func context(_ keys: ConsumerKeys, _ token: Credentials) -> UserContext {
    UserContext(
      provider: provider,
      client: Credentials(identifier: keys.consumerKey, secret: Secret(keys.consumerSecret)),
      token: token)
  }
}
