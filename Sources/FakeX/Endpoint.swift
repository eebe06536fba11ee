/// What can be asked of X, as far as linking accounts needs it.
public enum Endpoint: String, Sendable, Hashable, CaseIterable, Codable {
  /// `POST /oauth/request_token`, the first leg.
  case requestToken = "request_token"
  /// `/oauth/authorize`: the page, and its form.
  case authorize = "authorize"
  /// `/oauth/authenticate`: the page that need not ask again.
  case authenticate = "authenticate"
  /// `POST /oauth/access_token`, the last leg.
  case accessToken = "access_token"
  /// `GET /1.1/account/verify_credentials.json`.
  case verifyCredentials = "verify_credentials"
  /// `GET /2/users/me`.
  case usersMe = "users_me"
  /// `POST /1.1/oauth/invalidate_token.json`.
  case invalidateToken = "invalidate_token"
  /// `POST /oauth2/token`: an app-only bearer token.
  case bearerToken = "bearer_token"
  /// `POST /oauth2/invalidate_token`.
  case invalidateBearer = "invalidate_bearer"
  /// `/i/oauth2/authorize`: the page of OAuth 2.0, and its form.
  case codeAuthorize = "oauth2_authorize"
  /// `POST /2/oauth2/token`: a code or a refresh token for tokens.
  case codeToken = "oauth2_token"
  /// `POST /2/oauth2/revoke`.
  case codeRevoke = "oauth2_revoke"

  /// Where it is.
  public var path: String {
    switch self {
    case .requestToken: "/oauth/request_token"
    case .authorize: "/oauth/authorize"
    case .authenticate: "/oauth/authenticate"
    case .accessToken: "/oauth/access_token"
    case .verifyCredentials: "/1.1/account/verify_credentials.json"
    case .usersMe: "/2/users/me"
    case .invalidateToken: "/1.1/oauth/invalidate_token.json"
    case .bearerToken: "/oauth2/token"
    case .invalidateBearer: "/oauth2/invalidate_token"
    case .codeAuthorize: "/i/oauth2/authorize"
    case .codeToken: "/2/oauth2/token"
    case .codeRevoke: "/2/oauth2/revoke"
    }
  }

  /// How it is asked.
  var methods: [String] {
    switch self {
    case .authorize, .authenticate, .codeAuthorize: ["GET", "POST"]
    case .verifyCredentials, .usersMe: ["GET"]
    default: ["POST"]
    }
  }

  /// Requests per quarter of an hour and token.
  ///
  /// The paid ones are X's; the rest is plenty.
  var rateLimit: Int {
    switch self {
    case .verifyCredentials, .usersMe: 75
    default: 15_000
    }
  }

  /// How it spells its errors; only `oauth/*` is known to change its mind.
  func errorFormat(_ settings: Settings) -> ErrorFormat {
    switch self {
    case .requestToken, .accessToken: settings.errorFormat
    case .usersMe: .problem
    default: .json
    }
  }
}
