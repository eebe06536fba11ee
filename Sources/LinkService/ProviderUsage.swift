internal import Synchronization

/// What a provider is asked, for whoever counts what it costs.
public enum ProviderQuestion: String, Sendable, Hashable, CaseIterable {
  /// The first leg of a link.
  case requestToken = "request_token"
  /// The last leg of a link.
  case accessToken = "access_token"
  /// Whose token it is.
  case verifyCredentials = "verify_credentials"
  /// That a token be ended.
  case invalidateToken = "invalidate_token"
  /// An application's own token.
  case bearerToken = "bearer_token"
  /// Whether an application may use the newer API.
  case enrolment = "enrolment"
  /// OAuth 2.0: whether the provider knows an application.
  case codeRecognition = "oauth2_recognition"
  /// OAuth 2.0: the last leg of a link.
  case codeToken = "oauth2_token"
  /// OAuth 2.0: a new token for one that has run out.
  case codeRenewal = "oauth2_renewal"
  /// OAuth 2.0: that a token be ended.
  case codeRevocation = "oauth2_revocation"
  /// OAuth 2.0: whose token it is, which X has paid for.
  case usersMe = "users_me"
}

/// How often a provider has been asked, by what it was asked.
public final class ProviderUsage: Sendable {
  private let counts = Mutex<[ProviderQuestion: UInt64]>([:])

  init() {}

  /// The counts since the service began; they only grow.
  public var totals: [ProviderQuestion: UInt64] { counts.withLock(\.self) }

  func count(_ question: ProviderQuestion) {
    counts.withLock { $0[question, default: 0] &+= 1 }
  }
}
