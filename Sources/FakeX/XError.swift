/// One row of X's table of errors.
public struct XError: Error, Sendable, Hashable {
  /// X's own number.
  public let code: Int
  /// The HTTP status that comes with it.
  public let status: Int
  /// The text of the JSON and XML forms.
  public let message: String
  /// The text alone, where X's plain form words it differently.
  let text: String
  /// A name that only code 99 carries.
  let label: String?

  init(_ code: Int, _ status: Int, _ message: String, text: String? = nil, label: String? = nil) {
    self.code = code
    self.status = status
    self.message = message
    self.text = text ?? message
    self.label = label
  }

  /// The row of this number.
  public static func withCode(_ code: Int) -> XError? { table.first { $0.code == code } }

  /// The whole table.
  public static let table: [XError] = [
    couldNotAuthenticate, parameterMissing, userSuspended, accountSuspended, clientNotPermitted,
    rateLimited, invalidToken, noDirectMessages, unverifiableCredentials, overCapacity,
    internalError, timestampOutOfBounds, badAuthenticationData, resourceNotAllowed, automated,
    appCannotWrite, accountLocked, callbackNotApproved, appSuspended, desktopOnly,
  ]

  static let couldNotAuthenticate = XError(
    32, 401, "Could not authenticate you.", text: "Failed to validate oauth signature and token")
  static let parameterMissing = XError(38, 403, "A required parameter is missing.")
  static let userSuspended = XError(63, 403, "User has been suspended.")
  static let accountSuspended = XError(
    64, 403, "Your account is suspended and is not permitted to access this feature.")
  static let clientNotPermitted = XError(
    87, 403, "Client is not permitted to perform this action.")
  static let rateLimited = XError(88, 429, "Rate limit exceeded")
  static let invalidToken = XError(89, 401, "Invalid or expired token.")
  static let noDirectMessages = XError(
    93, 403, "This application is not allowed to access or delete your direct messages.")
  static let unverifiableCredentials = XError(
    99, 403, "Unable to verify your credentials", label: "authenticity_token_error")
  static let overCapacity = XError(130, 503, "Over capacity")
  static let internalError = XError(131, 500, "Internal error")
  static let timestampOutOfBounds = XError(
    135, 401, "Timestamp out of bounds.", text: "Timestamp out of bounds.")
  static let badAuthenticationData = XError(215, 400, "Bad Authentication data.")
  static let resourceNotAllowed = XError(
    220, 403, "Your credentials do not allow access to this resource.")
  static let automated = XError(
    226, 403, "This request looks like it might be automated.")
  static let appCannotWrite = XError(261, 403, "Application cannot perform write actions.")
  static let accountLocked = XError(
    326, 403,
    "To protect our users from spam and other malicious activity, this account is temporarily locked."
  )
  static let callbackNotApproved = XError(
    415, 403,
    "Callback URL not approved for this client application. Approved callback URLs can be adjusted in your application settings"
  )
  static let appSuspended = XError(416, 401, "Invalid / suspended application")
  static let desktopOnly = XError(
    417, 401, "Desktop applications only support the oauth_callback value 'oob'")

  /// Answered in plain text only: it has no row in the table.
  static let invalidVerifier = XError(
    0, 401, "Error processing your OAuth request: Invalid oauth_verifier parameter")
}
