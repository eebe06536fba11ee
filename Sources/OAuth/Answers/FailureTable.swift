/// What the errors of one provider mean: its numbers, and the words and names it uses instead.
public struct FailureTable: Sendable {
  /// What a number means.
  public var kinds: [Int: ProviderFailure.Kind] = [:]
  /// Words, in lower case, and the number that they stand for in answers without numbers.
  public var words: [(part: String, code: Int)] = []
  /// What a name means that stands in a problem document (RFC 9457) as its `reason` or as the last
  /// part of its `type`.
  public var problems: [String: ProviderFailure.Kind] = [:]
  /// Words, in lower case, of errors that have no number at all.
  public var otherWords: [(part: String, kind: ProviderFailure.Kind)] = []

  /// What an HTTP status means that comes without anything else that is known.
  public var statuses: [Int: ProviderFailure.Kind] = [:]

  /// A table without rows: the HTTP status alone decides.
  public init() {}

  /// The number that the provider's words stand for.
  func code(ofWords message: String) -> Int? {
    let lower = message.lowercased()
    return words.first { lower.contains($0.part) }?.code
  }

  func kind(status: Int, code: Int?, report: FailureReport) -> ProviderFailure.Kind {
    let lower = report.message.lowercased()
    return report.problemNames.lazy.compactMap { problems[$0] }.first
      ?? code.flatMap { kinds[$0] }
      ?? otherWords.first { lower.contains($0.part) }?.kind
      ?? statuses[status] ?? Self.kind(status: status)
  }

  /// What is left if the provider does not say more.
  private static func kind(status: Int) -> ProviderFailure.Kind {
    switch status {
    case 401: .unauthorized
    case 408, 500...599: .unavailable
    case 429: .rateLimited
    case 400...499: .refused
    // A redirect, or a success that is not 200: nothing of the protocol answers so.
    default: .malformedAnswer
    }
  }
}

extension FailureTable {
  /// The errors of RFC 6749 section 5.2; those of a grant mean what the question was.
  public static let oauth2: FailureTable = {
    var table = FailureTable()
    table.problems = [
      "invalid_client": .badConsumerKeys, "unauthorized_client": .badConsumerKeys,
      "invalid_scope": .refused, "unsupported_grant_type": .refused,
      "server_error": .unavailable, "temporarily_unavailable": .unavailable,
    ]
    return table
  }()

  /// X's errors of OAuth 2.0: those of the RFC, in part under the name `invalid_request` and told
  /// apart by their words, and those of its newer API.
  static let x2: FailureTable = {
    var table = FailureTable.x
    table.problems.merge(FailureTable.oauth2.problems) { $1 }
    table.otherWords += [
      ("authorization code was invalid", .verifierRejected),
      ("code verifier did not match", .verifierRejected),
      ("value passed for the token was invalid", .tokenRejected),
      ("redirect uri did not match", .callbackNotApproved),
    ]
    return table
  }()

  /// X's table of errors.
  static let x: FailureTable = {
    var table = FailureTable()
    table.kinds = [
      32: .badConsumerKeys, 38: .refused, 63: .accountLocked, 64: .accountLocked, 87: .refused,
      88: .rateLimited, 89: .tokenRejected, 93: .refused, 99: .keysRefusedOrAskedTooOften,
      130: .unavailable, 131: .unavailable, 135: .clockSkew, 215: .badConsumerKeys, 220: .refused,
      226: .refused, 261: .refused, 326: .accountLocked, 415: .callbackNotApproved,
      416: .appSuspended, 417: .appPINOnly,
    ]
    table.words = [
      ("failed to validate oauth signature", 32), ("could not authenticate you", 32),
      ("required parameter is missing", 38), ("user has been suspended", 63),
      ("account is suspended", 64), ("client is not permitted", 87), ("rate limit exceeded", 88),
      ("invalid or expired token", 89), ("access or delete your direct messages", 93),
      ("unable to verify your credentials", 99), ("over capacity", 130), ("internal error", 131),
      ("timestamp out of bounds", 135), ("bad authentication data", 215),
      ("credentials do not allow access to this resource", 220),
      ("looks like it might be automated", 226), ("cannot perform write", 261),
      ("temporarily locked", 326), ("callback url not approved", 415),
      ("invalid / suspended application", 416), ("only support the oauth_callback value", 417),
    ]
    table.otherWords = [("invalid oauth_verifier", .verifierRejected)]
    table.problems = [
      "client-not-enrolled": .appNotEnrolled, "rate-limit-exceeded": .rateLimited,
      "usage-capped": .rateLimited,
    ]
    return table
  }()
}
