import OpenSSL

/// What can be asked on behalf of one user, with the token of a finished flow.
public struct UserContext: Sendable {
  /// Whom to ask.
  public let provider: ProviderDescription
  /// Signs with the application's keys and the user's token.
  public let signer: Signer
  private let token: Credentials

  /// Asks as an application for a user.
  public init(provider: ProviderDescription, client: Credentials, token: Credentials) {
    self.provider = provider
    self.token = token
    signer = Signer(client: client, token: token)
  }

  /// Asks whose token it is and what it may do (X: `account/verify_credentials`, free of charge).
  public func verifyCredentials() throws(OAuthError) -> ProviderCall<Identity> {
    let query = Form.encode([
      Parameter("include_entities", "false"), Parameter("skip_status", "true"),
    ])
    let url = try provider.url(provider.verifyCredentialsPath) + "?" + query
    return call("GET", url, Identity.init(verifiedCredentials:))
  }

  /// Asks whose token it is in the newer API (X: `users/me`, which costs a paid read).
  public func usersMe() throws(OAuthError) -> ProviderCall<Identity> {
    let query = Form.encode([Parameter("user.fields", "profile_image_url")])
    return call("GET", try provider.url(provider.usersMePath) + "?" + query, Identity.init(me:))
  }

  /// Ends the token at the provider.
  public func invalidateToken() throws(OAuthError) -> ProviderCall<Void> {
    let identifier = Array(token.identifier.utf8)
    return call("POST", try provider.url(provider.invalidateTokenPath)) {
      answer throws(MalformedAnswer) in
      let ended = try answer.json().requiredText("access_token", limit: Limits.token)
      guard constantTimeEquals(Array(ended.utf8), identifier) else {
        throw MalformedAnswer("another token than ours was ended")
      }
    }
  }

  private func call<Value>(
    _ method: String, _ url: String,
    _ read: @escaping @Sendable (ProviderAnswer) throws(MalformedAnswer) -> Value
  ) -> ProviderCall<Value> {
    ProviderCall(
      target: SignableRequest(method: method, url: url),
      authorization: .signature(signer, adding: []), failures: provider.failures, read: read)
  }
}

/// What can be asked for an application alone, with its key and secret.
public struct ApplicationContext: Sendable {
  /// Whom to ask.
  public let provider: ProviderDescription
  /// The application's consumer key and secret.
  public let client: Credentials

  /// Asks as an application.
  public init(provider: ProviderDescription, client: Credentials) {
    self.provider = provider
    self.client = client
  }

  /// Asks the newer API, with the application's bearer token, whose token it is (X: `users/me`).
  ///
  /// An application is no user, so that nothing is read and nothing is paid: the answer is always a
  /// refusal. What it says is whether the application may use this API at all.
  public func usersMe(bearer: Secret) throws(OAuthError) -> ProviderCall<Void> {
    ProviderCall(
      target: SignableRequest(method: "GET", url: try provider.url(provider.usersMePath)),
      authorization: .bearer(bearer), failures: provider.failures
    ) { _ throws(MalformedAnswer) in }
  }

  /// Asks for the application's bearer token.
  ///
  /// X refuses with one and the same error (99) wrong keys and asking too often.
  public func bearerToken() throws(OAuthError) -> ProviderCall<Secret> {
    ProviderCall(
      target: SignableRequest(
        method: "POST", url: try provider.url(provider.bearerTokenPath),
        body: .form([Parameter("grant_type", "client_credentials")])),
      authorization: .basic(client), failures: provider.failures
    ) { answer throws(MalformedAnswer) in
      let object = try answer.json()
      // RFC 6749 section 7.1: a client must not use a token of a type it does not know.
      let type = try object.requiredText("token_type", limit: Limits.identity)
      guard type.utf8.map(\.asciiLowercased).elementsEqual("bearer".utf8) else {
        throw MalformedAnswer("token_type is not bearer")
      }
      return Secret(try object.requiredText("access_token", limit: Limits.answer))
    }
  }
}

/// Who a user is.
///
/// Names are the user's own choice of characters: escape them where they are shown.
public struct Identity: Sendable, Hashable {
  /// The permanent name: a number of 64 bits at X, taken as text.
  public let userID: String
  /// The name after the @, which can change.
  public let screenName: String
  /// The name that is displayed.
  public let name: String?
  /// Where the user's picture is.
  public let profileImageURL: String?
  /// What the token may do, where the provider says it.
  public let accessLevel: GrantedAccess?
}

/// What a token may do.
public enum GrantedAccess: Sendable, Hashable {
  /// Read.
  case read
  /// Read and write.
  case readWrite
  /// Read, write and see direct messages.
  case directMessages

  /// Reads X's header `x-access-level`.
  init?(header value: String?) {
    switch value {
    case "read": self = .read
    case "read-write": self = .readWrite
    // The name was longer once.
    case "read-write-directmessages", "read-write-privatemessages": self = .directMessages
    default: return nil
    }
  }
}
