internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import Protobuf

/// What a `CompleteLink` brings, read strictly: the proofs that caller and user are those who
/// began.
///
/// Against cross-user session fixation: neither `oauth_verifier` nor PKCE stops somebody from
/// letting another person approve his link. The link secret proves that the caller's back end
/// began it, the profile that it is finished for the same user, and the request token that what
/// came back belongs to it.
struct Proofs: Sendable {
  let profile: String
  let secretDigest: [UInt8]
  let outcome: Outcome
  let requestID: String
  /// SHA-256 of the request without its request_id.
  let requestDigest: [UInt8]

  enum Outcome: Sendable {
    case granted(requestToken: String, verifier: String)
    case pin(String)
    case code(state: String, code: String)
    case denied(requestToken: String)
  }

  init(_ request: CompleteLinkRequest) throws(Failure) {
    var check = RequestCheck()
    profile = check.profile(of: request.parent)
    check.require(
      RequestCheck.isVisible(request.linkSecret, upTo: LinkLimits.linkSecretLength),
      "link_secret", "must be what StartLink gave")
    check.requestID(request.requestID)
    outcome = check.outcome(request.outcome)
    try check.finish()
    secretDigest = Digest.sha256(Array(request.linkSecret.utf8))
    requestID = request.requestID
    requestDigest = try RequestDigest.of(request)
  }

  /// Whether everything fits the link but the link secret, by which it was found.
  func match(_ link: LinkRecord) -> Bool {
    let profileMatches = constantTimeEquals(Array(profile.utf8), Array(link.profile.utf8))
    return switch outcome {
    case .granted(let token, _):
      profileMatches && !link.pin && link.linkMethod != .oauth2 && Self.matches(token, link)
    case .pin: profileMatches && link.pin
    // RFC 6749 section 10.12: the state is what binds the code to who has begun.
    case .code(let state, _):
      profileMatches && link.linkMethod == .oauth2 && Self.matches(state, link)
    // In PIN mode no token comes back with a refusal.
    case .denied(let token): profileMatches && (link.pin || Self.matches(token, link))
    }
  }

  /// Whether a request with these proofs is the same one, sent again.
  func isRepeated(by other: Proofs) -> Bool {
    other.isRepeat(ofRequestID: requestID, digest: requestDigest)
  }

  /// Whether this request is the one with that id and content, sent again.
  func isRepeat(ofRequestID id: String, digest: [UInt8]) -> Bool {
    !requestID.isEmpty && requestID.utf8.elementsEqual(id.utf8)
      && constantTimeEquals(requestDigest, digest)
  }

  private static func matches(_ token: String, _ link: LinkRecord) -> Bool {
    constantTimeEquals(Array(token.utf8), Array(link.requestToken.utf8))
  }
}

extension Proofs: Redacted {}
extension Proofs.Outcome: Redacted {}

extension RequestCheck {
  fileprivate mutating func outcome(_ outcome: CompleteLinkRequest.Outcome?) -> Proofs.Outcome {
    switch outcome {
    case .grant(let grant):
      self.grant(grant.oauthToken, "grant.oauth_token")
      self.grant(grant.oauthVerifier, "grant.oauth_verifier")
      return .granted(requestToken: grant.oauthToken, verifier: grant.oauthVerifier)
    case .pin(let pin):
      grant(pin, "pin")
      return .pin(pin)
    case .codeGrant(let grant):
      self.grant(grant.state, "code_grant.state")
      self.grant(grant.code, "code_grant.code", upTo: LinkLimits.codeLength)
      return .code(state: grant.state, code: grant.code)
    case .denial(let denial):
      return .denied(requestToken: denial.denied)
    case nil:
      require(false, "outcome", "must be a grant, a pin, a code_grant or a denial")
      return .denied(requestToken: "")
    }
  }
}
