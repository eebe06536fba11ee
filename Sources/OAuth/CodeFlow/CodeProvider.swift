/// What is particular about one provider of OAuth 2.0 with PKCE (RFC 6749, RFC 7636): addresses,
/// names and meanings of errors.
///
/// Data, not code: another provider is another value. Part of a `ProviderDescription`, whose origin
/// it shares.
public struct CodeProvider: Sendable {
  /// Where the user is asked, if not at the provider's own origin: scheme, host and port.
  public var authorizeOrigin: String?
  /// The path of the page that asks the user (RFC 6749 section 3.1).
  public var authorizePath: String
  /// Where codes and refresh tokens are exchanged (section 3.2).
  public var tokenPath: String
  /// Where tokens are ended (RFC 7009).
  public var revokePath: String?
  /// Who the user of a token is.
  public var identity: IdentityDescription
  /// What must be asked for so that the provider says who the user is.
  public var identityScopes: [String] = []
  /// What is asked for to read.
  public var readScopes: [String] = []
  /// What is asked for beside that to write; a token with any of these may write.
  public var writeScopes: [String] = []
  /// What else lets a token write: scopes that end so.
  public var writeSuffixes: [String] = []
  /// What its errors mean.
  public var failures = FailureTable.oauth2

  /// Describes a provider with nothing but the two addresses of RFC 6749, and who its users are.
  public init(authorizePath: String, tokenPath: String, identity: IdentityDescription) {
    self.authorizePath = authorizePath
    self.tokenPath = tokenPath
    self.identity = identity
  }

  /// Whether a token with these scopes may write.
  public func mayWrite(_ scopes: [String]) -> Bool {
    scopes.contains { scope in
      writeScopes.contains { $0.utf8.elementsEqual(scope.utf8) }
        || writeSuffixes.contains { scope.utf8.reversed().starts(with: $0.utf8.reversed()) }
    }
  }
}

/// Where a provider says who the user of a token is: an address, and the members of the JSON that it
/// answers with, each by its names from the outside in.
public struct IdentityDescription: Sendable {
  /// Path and query.
  public var path: String
  /// The permanent id: text, or a number that is taken as text.
  public var userID: [String]
  /// The name that can change.
  public var screenName: [String]
  /// The name that is shown.
  public var name: [String]?
  /// Where the picture is.
  public var picture: [String]?

  /// Describes an answer with an id and a name.
  public init(
    path: String, userID: [String], screenName: [String], name: [String]? = nil,
    picture: [String]? = nil
  ) {
    self.path = path
    self.userID = userID
    self.screenName = screenName
    self.name = name
    self.picture = picture
  }

  func read(_ answer: ProviderAnswer) throws(MalformedAnswer) -> Identity {
    let json = try answer.json()
    return Identity(
      userID: try json.identifier(at: userID), screenName: try json.identifier(at: screenName),
      name: name.flatMap { json.member(at: $0)?.text },
      profileImageURL: picture.flatMap { json.member(at: $0)?.text }, accessLevel: nil)
  }
}

extension JSON {
  fileprivate func member(at path: [String]) -> JSON? {
    path.reduce(self as JSON?) { $0?[$1] }
  }

  fileprivate func identifier(at path: [String]) throws(MalformedAnswer) -> String {
    let text: String? =
      switch member(at: path) {
      case .string(let text): text
      case .number(let digits): digits
      default: nil
      }
    guard let text, (1...Limits.identity).contains(text.utf8.count),
      text.utf8.allSatisfy({ $0 >= 0x20 })
    else {
      throw MalformedAnswer(
        "\(path.joined(separator: ".")) is missing, empty, too long or has control characters")
    }
    return text
  }
}

extension CodeProvider {
  /// X, formerly Twitter.
  static let x: CodeProvider = {
    var x = CodeProvider(
      authorizePath: "/i/oauth2/authorize", tokenPath: "/2/oauth2/token",
      identity: IdentityDescription(
        path: "/2/users/me?user.fields=profile_image_url", userID: ["data", "id"],
        screenName: ["data", "username"], name: ["data", "name"],
        picture: ["data", "profile_image_url"]))
    x.authorizeOrigin = "https://x.com"
    x.revokePath = "/2/oauth2/revoke"
    x.identityScopes = ["tweet.read", "users.read"]
    x.readScopes = ["tweet.read", "users.read", "offline.access"]
    x.writeScopes = ["tweet.write"]
    x.writeSuffixes = [".write"]
    x.failures = .x2
    return x
  }()
}
