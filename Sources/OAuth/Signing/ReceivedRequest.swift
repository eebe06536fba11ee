import OpenSSL

/// A signed request as a provider receives it (RFC 5849 section 3.2).
///
/// Reading and verifying are two steps, because the secrets are found by the identifiers in the
/// request. Whether the nonce is new and the timestamp near is for the provider to say.
public struct ReceivedRequest: Sendable {
  /// The parameters of header, form body and query together, decoded, without `realm` and
  /// `oauth_signature`.
  public let parameters: [Parameter]
  /// `oauth_consumer_key`.
  public let consumerKey: String
  /// `oauth_token`; nil if it is missing or empty.
  public let token: String?
  /// `oauth_timestamp`, seconds since 1970.
  public let timestamp: Int64
  /// `oauth_nonce`.
  public let nonce: String

  private let baseString: String
  private let signature: String

  /// Reads a request.
  ///
  /// `url` is the one that the client used: the scheme, the `Host` header and the request target.
  /// `body` counts only if `contentType` says that it is a form. Throws if anything that the
  /// protocol needs is missing, there twice or malformed.
  public init(
    method: String, url: String, authorization: String?, contentType: String? = nil,
    body: [UInt8] = []
  ) throws(OAuthError) {
    let url = try SignedURL(url)
    let header: [Parameter] =
      if let authorization { try AuthorizationHeader(parsing: authorization).parameters } else {
        []
      }
    let form = Form.isForm(contentType: contentType) ? try Form.decode(body) : []
    let all = header + form + url.queryParameters
    try all.requireUniqueProtocolParameters()
    try Self.requireKnownMethodAndVersion(all)

    consumerKey = try all.requiredValue(of: "oauth_consumer_key")
    let token = try all.onlyValue(of: "oauth_token")
    self.token = token?.isEmpty == true ? nil : token
    nonce = try all.requiredValue(of: "oauth_nonce")
    timestamp = try Self.timestamp(try all.requiredValue(of: "oauth_timestamp"))
    signature = try all.requiredValue(of: "oauth_signature")
    parameters = all.filter { !$0.hasName("oauth_signature") }
    baseString = BaseString.make(
      method: try BaseString.validated(method: method), uri: url.baseStringURI,
      parameters: parameters)
  }

  /// The value of a parameter that may be there once, `oauth_verifier` for instance.
  public func value(of name: String) throws(OAuthError) -> String? {
    try parameters.onlyValue(of: name)
  }

  /// Whether the signature is the one that these secrets give.
  ///
  /// Takes the same time whichever of its bytes are wrong.
  public func isSigned(clientSecret: Secret, tokenSecret: Secret? = nil) -> Bool {
    let expected = Signature.hmacSHA1(
      of: baseString, clientSecret: clientSecret, tokenSecret: tokenSecret)
    return constantTimeEquals(Array(expected.utf8), Array(signature.utf8))
  }

  private static func requireKnownMethodAndVersion(_ all: [Parameter]) throws(OAuthError) {
    guard try all.requiredValue(of: "oauth_signature_method") == Signature.method else {
      throw OAuthError(.invalidParameter, "oauth_signature_method is not \(Signature.method)")
    }
    // "OPTIONAL. If present, MUST be set to 1.0."
    guard try all.onlyValue(of: "oauth_version") ?? "1.0" == "1.0" else {
      throw OAuthError(.invalidParameter, "oauth_version is not 1.0")
    }
  }

  private static func timestamp(_ text: String) throws(OAuthError) -> Int64 {
    guard text.utf8.allSatisfy(\.isDigit), let timestamp = Int64(text), timestamp > 0 else {
      throw OAuthError(.invalidParameter, "oauth_timestamp is not a positive integer")
    }
    return timestamp
  }
}

extension ReceivedRequest: Redacted {}
