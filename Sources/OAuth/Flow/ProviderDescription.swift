/// What is particular about one provider of OAuth 1.0a, OAuth 2.0 or both: addresses, names and
/// meanings of errors.
///
/// Data, not code: another provider is another value.
public struct ProviderDescription: Sendable {
  /// Scheme, host and port of all addresses below, without a slash at the end.
  public var origin: String
  /// Where temporary credentials are requested (RFC 5849 section 2.1).
  public var requestTokenPath: String?
  /// Where the user is asked, every time (section 2.2).
  public var authorizePath: String?
  /// Where a user who has agreed before is not asked again.
  public var authenticatePath: String?
  /// Where token credentials are requested (section 2.3).
  public var accessTokenPath: String?
  /// The address that tells whose token it is.
  public var verifyCredentialsPath: String?
  /// The same in the newer version of the API.
  public var usersMePath: String?
  /// The address that ends a token.
  public var invalidateTokenPath: String?
  /// The address that gives an application a token of its own (RFC 6749 section 4.4).
  public var bearerTokenPath: String?
  /// Asks for less than the application may do.
  public var accessTypeParameter: String?
  /// Makes the consent page ask for a password.
  public var forceLoginParameter: String?
  /// Fills in the name on the consent page.
  public var screenNameParameter: String?
  /// The user's permanent name, in the answer with the token.
  public var userIDField: String?
  /// The user's changeable name, in the answer with the token.
  public var screenNameField: String?
  /// What its errors mean.
  public var failures = FailureTable()
  /// How it does OAuth 2.0 with PKCE; nil where it does not.
  public var code: CodeProvider?

  /// Describes a provider with nothing but the three legs of RFC 5849.
  public init(
    origin: String, requestTokenPath: String, authorizePath: String, accessTokenPath: String
  ) {
    self.origin = origin
    self.requestTokenPath = requestTokenPath
    self.authorizePath = authorizePath
    self.accessTokenPath = accessTokenPath
  }

  /// Describes a provider that has nothing but OAuth 2.0.
  public init(origin: String, code: CodeProvider) {
    self.origin = origin
    self.code = code
  }

  /// The same provider at another origin: a stand-in on loopback, for instance.
  public func at(origin: String) -> ProviderDescription {
    var moved = self
    moved.origin = origin.hasSuffix("/") ? String(origin.dropLast()) : origin
    moved.code?.authorizeOrigin = nil
    return moved
  }

  /// Joins the origin with an address that the provider may not have.
  func url(_ path: String?) throws(OAuthError) -> String {
    guard let path else {
      throw OAuthError(.notOffered, "the provider has no address for this")
    }
    return origin + path
  }
}

extension ProviderDescription {
  /// X, formerly Twitter.
  public static let x: ProviderDescription = {
    var x = ProviderDescription(
      origin: "https://api.x.com", requestTokenPath: "/oauth/request_token",
      authorizePath: "/oauth/authorize", accessTokenPath: "/oauth/access_token")
    x.authenticatePath = "/oauth/authenticate"
    x.verifyCredentialsPath = "/1.1/account/verify_credentials.json"
    x.usersMePath = "/2/users/me"
    x.invalidateTokenPath = "/1.1/oauth/invalidate_token.json"
    x.bearerTokenPath = "/oauth2/token"
    x.accessTypeParameter = "x_auth_access_type"
    x.forceLoginParameter = "force_login"
    x.screenNameParameter = "screen_name"
    x.userIDField = "user_id"
    x.screenNameField = "screen_name"
    x.failures = .x
    x.code = .x
    return x
  }()
}
