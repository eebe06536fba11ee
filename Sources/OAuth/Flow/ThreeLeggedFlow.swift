import OpenSSL

/// The flow of RFC 5849 section 2: a request token, the user's consent, an access token.
///
/// A value without state: what the first leg gives is kept by the caller, who has to bind it to one
/// user, and is handed to the last.
public struct ThreeLeggedFlow: Sendable {
  /// Whom to ask.
  public let provider: ProviderDescription
  /// The application's consumer key and secret.
  public let client: Credentials

  /// Runs the flow of one application at one provider.
  public init(provider: ProviderDescription, client: Credentials) {
    self.provider = provider
    self.client = client
  }

  /// The first leg: asks for a request token.
  ///
  /// Throws if the callback cannot be one, or if the provider has no way to ask for less access.
  public func requestToken(
    callback: Callback, access: RequestedAccess? = nil
  ) throws(OAuthError) -> ProviderCall<RequestToken> {
    var additional = [Parameter("oauth_callback", try callback.parameterValue)]
    if let access {
      guard let name = provider.accessTypeParameter else {
        throw OAuthError(.notOffered, "the provider does not let the access be chosen")
      }
      additional.append(Parameter(name, access.rawValue))
    }
    return ProviderCall(
      target: SignableRequest(
        method: "POST", url: try provider.url(provider.requestTokenPath)),
      authorization: .signature(Signer(client: client), adding: additional),
      failures: provider.failures, read: RequestToken.init(answer:))
  }

  /// The second leg: where to send the user's browser.
  public func consentURL(
    for token: RequestToken, page: ConsentPage = .authorize, forceLogin: Bool = false,
    screenName: String? = nil
  ) throws(OAuthError) -> String {
    let path = page == .authorize ? provider.authorizePath : provider.authenticatePath
    var query = [Parameter("oauth_token", token.credentials.identifier)]
    if forceLogin, let name = provider.forceLoginParameter { query.append(Parameter(name, "true")) }
    if let screenName, let name = provider.screenNameParameter {
      query.append(Parameter(name, screenName))
    }
    return try provider.url(path) + "?" + Form.encode(query)
  }

  /// The last leg: exchanges request token and verifier, or PIN, for an access token.
  ///
  /// The provider takes a verifier once. Compare the token that came back with
  /// `RequestToken.isNamed(by:)` before.
  public func accessToken(
    for token: RequestToken, verifier: String
  ) throws(OAuthError) -> ProviderCall<AccessGrant> {
    guard (1...Limits.token).contains(verifier.utf8.count) else {
      throw OAuthError(.invalidParameter, "the verifier is empty or too long")
    }
    let (userID, screenName) = (provider.userIDField, provider.screenNameField)
    // RFC 5849 section 3.5: all parameters called oauth_... go into one and only one place. X takes
    // the verifier in a body as well, other providers do not.
    return ProviderCall(
      target: SignableRequest(
        method: "POST", url: try provider.url(provider.accessTokenPath)),
      authorization: .signature(
        Signer(client: client, token: token.credentials),
        adding: [Parameter("oauth_verifier", verifier)]),
      failures: provider.failures
    ) { answer throws(MalformedAnswer) in
      try AccessGrant(answer: answer, userIDField: userID, screenNameField: screenName)
    }
  }
}

/// How the user comes back from the consent page.
public enum Callback: Sendable, Hashable {
  /// The provider shows a PIN, which the user types in (`oob`, out of band).
  case pin
  /// The provider redirects the browser to this address.
  case url(String)

  /// The value of `oauth_callback`.
  ///
  /// Whether the address is a good one is for the caller and the provider to say; here it only must
  /// not be something else.
  var parameterValue: String {
    get throws(OAuthError) {
      switch self {
      case .pin: return "oob"
      case .url(let url):
        guard (1...Limits.callback).contains(url.utf8.count), url.utf8.allSatisfy(\.isVisible),
          url.contains(":")
        else {
          throw OAuthError(
            .invalidParameter,
            "a callback is a URL of at most \(Limits.callback) printable ASCII characters")
        }
        return url
      }
    }
  }
}

/// Less access than the application may have.
public enum RequestedAccess: String, Sendable, Hashable {
  /// To read.
  case read
  /// To read and write.
  case write
}

/// Which page asks the user.
public enum ConsentPage: Sendable, Hashable {
  /// The one that always asks.
  case authorize
  /// The one that goes straight back if the user has agreed before.
  case authenticate
}

/// Temporary credentials, between the first leg and the last.
public struct RequestToken: Sendable {
  /// The request token and its secret.
  public let credentials: Credentials

  /// Takes what the first leg gave and the caller has kept.
  public init(credentials: Credentials) { self.credentials = credentials }

  /// Whether a callback's `oauth_token` is this one.
  ///
  /// The time does not tell how much of it is.
  public func isNamed(by returned: String) -> Bool {
    constantTimeEquals(Array(returned.utf8), Array(credentials.identifier.utf8))
  }
}

/// What the last leg gives.
public struct AccessGrant: Sendable {
  /// The access token and its secret.
  public let credentials: Credentials
  /// The user's permanent name at the provider; nil where the provider does not say it here.
  public let userID: String?
  /// The user's name, which can change.
  public let screenName: String?
}
