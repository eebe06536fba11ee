internal import LinkAPI
internal import OAuth
internal import Protobuf

/// What acts for an account at its provider, by either method.
struct AccountTokens: Sendable {
  /// The access token.
  let token: String
  /// Its secret; empty for OAuth 2.0.
  var secret = ""
  /// What renews it, once; empty where it need not or cannot be renewed.
  var refreshToken = ""
  /// Until when it is good; nil: until it is revoked.
  var expireTime: Timestamp?
  /// What was granted.
  var scopes: [String] = []
  /// What that comes to, where it is known.
  var access = AccessLevel.unspecified

  init(_ grant: AccessGrant, for link: LinkRecord) {
    token = grant.credentials.identifier
    secret = grant.credentials.secret.text
    // What was asked for is what was granted only where nothing less exists.
    access = link.accessLevel == .read ? .read : .unspecified
  }

  init(
    _ grant: TokenGrant, asked: [String], by provider: CodeProvider?, at now: Timestamp
  ) {
    token = grant.accessToken.text
    refreshToken = grant.refreshToken?.text ?? ""
    expireTime = now.adding(
      grant.lifetime.map { .seconds($0) } ?? LinkLimits.defaultTokenLifetime)
    scopes = grant.scopes ?? asked
    access = provider?.mayWrite(scopes) == true ? .write : .read
  }

  /// Those that a link has got by OAuth 2.0.
  init(_ kept: LinkTokens) {
    token = kept.token
    refreshToken = kept.refreshToken
    expireTime = kept.expireTime
    scopes = kept.scopes
    access = kept.accessLevel
  }
}

extension AccountTokens: Redacted {}

extension LinkTokens {
  init(_ tokens: AccountTokens) {
    self.init()
    token = tokens.token
    refreshToken = tokens.refreshToken
    expireTime = tokens.expireTime
    scopes = tokens.scopes
    accessLevel = tokens.access
  }
}

extension AccountRecord {
  /// Takes other tokens into use.
  mutating func take(_ tokens: AccountTokens) {
    self.token = tokens.token
    self.tokenSecret = tokens.secret
    self.refreshToken = tokens.refreshToken
    self.tokenExpireTime = tokens.expireTime
    self.renewing = false
    self.account?.scopes = tokens.scopes
    if tokens.access != .unspecified { self.account?.accessLevel = tokens.access }
  }

  /// Whether its token must be renewed before it is used.
  func needsRenewal(at now: Timestamp) -> Bool {
    guard let end = tokenExpireTime else { return false }
    return !(now.adding(LinkLimits.renewalMargin) < end)
  }

  /// How it was linked.
  var linkMethod: LinkMethod { account?.linkMethod.orOAuth1 ?? .oauth1 }
}
