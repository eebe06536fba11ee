/// An identifier and the secret that goes with it (RFC 5849 section 1.1).
///
/// There are three kinds: client credentials (consumer key and secret), temporary credentials
/// (request token and secret) and token credentials (access token and secret). Prints neither part.
public struct Credentials: Sendable {
  /// The consumer key, the request token or the access token.
  ///
  /// Opaque: no provider promises its length or form.
  public let identifier: String
  /// The shared secret.
  ///
  /// Never sent.
  public let secret: Secret

  /// Pairs an identifier with its secret.
  public init(identifier: String, secret: Secret) {
    self.identifier = identifier
    self.secret = secret
  }
}

extension Credentials: Redacted {}
