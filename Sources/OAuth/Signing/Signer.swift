/// A request that is to be signed.
public struct SignableRequest: Sendable {
  /// What the request carries.
  ///
  /// Only a form is signed (RFC 5849 section 3.4.1.3.1).
  public enum Body: Sendable {
    /// Nothing.
    case none
    /// Parameters, sent as a form.
    case form([Parameter])
    /// Anything else; the signature does not cover it.
    case other(contentType: String, bytes: [UInt8])
  }

  /// The HTTP method.
  public var method: String
  /// Where to, with the query.
  public var url: String
  /// What it carries.
  public var body: Body

  /// Describes a request.
  public init(method: String, url: String, body: Body = .none) {
    self.method = method
    self.url = url
    self.body = body
  }
}

/// Signs requests with HMAC-SHA1 (RFC 5849 section 3.4.2), the one method that X takes.
public struct Signer: Sendable {
  /// The application's key and secret.
  public let client: Credentials
  /// The token on whose behalf the request is made; none when a request token is asked for.
  public let token: Credentials?

  /// Signs for an application, and for a user where there is a token.
  public init(client: Credentials, token: Credentials? = nil) {
    self.client = client
    self.token = token
  }

  /// The `Authorization` header for a request.
  ///
  /// `additional` are protocol parameters of one step, `oauth_callback` for instance; they go into
  /// the header. Throws if the URL cannot be signed, or if a protocol parameter would be there
  /// twice.
  public func authorization(
    for request: SignableRequest, adding additional: [Parameter] = [], stamp: Stamp
  ) throws(OAuthError) -> AuthorizationHeader {
    let url = try SignedURL(request.url)
    let inHeader = protocolParameters(stamp: stamp) + additional
    let all = url.queryParameters + request.formParameters + inHeader
    guard all.count <= Limits.parameters else {
      throw OAuthError(.tooLarge, "more than \(Limits.parameters) parameters")
    }
    try all.requireUniqueProtocolParameters()
    let baseString = BaseString.make(
      method: try BaseString.validated(method: request.method), uri: url.baseStringURI,
      parameters: all)
    let signature = Signature.hmacSHA1(
      of: baseString, clientSecret: client.secret, tokenSecret: token?.secret)
    let signed = inHeader + [Parameter("oauth_signature", signature)]
    return AuthorizationHeader(
      parameters: signed.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
  }

  private func protocolParameters(stamp: Stamp) -> [Parameter] {
    var parameters = [
      Parameter("oauth_consumer_key", client.identifier),
      Parameter("oauth_nonce", stamp.nonce.text),
      Parameter("oauth_signature_method", Signature.method),
      Parameter("oauth_timestamp", String(stamp.timestamp)),
      Parameter("oauth_version", "1.0"),
    ]
    if let token { parameters.append(Parameter("oauth_token", token.identifier)) }
    return parameters
  }
}

extension SignableRequest {
  var formParameters: [Parameter] {
    if case .form(let parameters) = body { parameters } else { [] }
  }
}

extension SignableRequest: Redacted {
  /// Method and address without the query.
  public var description: String { "\(method) \(url.prefix { $0 != "?" })" }
}

extension SignableRequest.Body: Redacted {}
