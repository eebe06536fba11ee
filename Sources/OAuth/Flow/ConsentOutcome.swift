/// What the query of a callback says.
public enum ConsentOutcome: Sendable, Hashable {
  /// The user has agreed.
  case granted(requestToken: String, verifier: String)
  /// The user has said no.
  ///
  /// X names the request token as `denied`, RFC 5849 does not speak of it.
  case denied(requestToken: String)

  /// Reads the query of the address that the browser was sent to.
  ///
  /// Throws if it is neither.
  public init(callbackQuery query: String) throws(OAuthError) {
    let parameters = try Form.decode(query.utf8)
    try parameters.requireUniqueProtocolParameters()
    if let denied = try parameters.onlyValue(of: "denied") {
      guard try parameters.onlyValue(of: "oauth_verifier") == nil, !denied.isEmpty else {
        throw OAuthError(.invalidParameter, "the callback says both yes and no")
      }
      self = .denied(requestToken: denied)
    } else {
      self = .granted(
        requestToken: try parameters.requiredValue(of: "oauth_token"),
        verifier: try parameters.requiredValue(of: "oauth_verifier"))
    }
  }
}

extension ConsentOutcome: Redacted {}
