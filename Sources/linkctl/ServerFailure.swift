internal import Console
internal import LinkAPI
internal import Protobuf
internal import RPC

/// The one place where an error of a call becomes a failure of linkctl.
extension Failure {
  /// What a failed call means for the person who made it.
  init(_ error: RPCError, server: ServerAddress) {
    let answer = ErrorAnswer(error)
    self.init(
      Self.status(of: error.code, answer), Self.message(of: error, server),
      hints: Self.hints(for: error.code, answer), answer: answer)
  }

  private static func message(of error: RPCError, _ server: ServerAddress) -> String {
    switch error.code {
    case .unavailable where error.details.isEmpty:
      "cannot reach linkd at \(server): \(error.message.asClause)"
    case .deadlineExceeded: "linkd did not answer in time"
    default: error.message.isEmpty ? "linkd answered \(error.code)" : error.message.asClause
    }
  }

  private static func status(of code: StatusCode, _ answer: ErrorAnswer) -> ExitStatus {
    if answer.reason == "USER_DENIED" { return .denied }
    return switch code {
    case .unauthenticated, .permissionDenied: .notPermitted
    case .unavailable: .unavailable
    case .deadlineExceeded, .resourceExhausted: .tryLater
    case .invalidArgument, .failedPrecondition, .notFound, .alreadyExists, .aborted, .outOfRange:
      .refused
    default: .serverFault
    }
  }

  private static func hints(for code: StatusCode, _ answer: ErrorAnswer) -> [String] {
    var hints = answer.fields.map { "\($0.field): \($0.description.asClause)" }
    hints += [advice(on: answer)].compactMap(\.self)
    if let seconds = answer.retryAfterSeconds { hints.append("try again in \(seconds) seconds") }
    hints += answer.links.map { "see \($0.url)" }
    if hints.isEmpty, let general = advice(on: code, answer) { hints.append(general) }
    return hints
  }

  /// Who must do what, where the reason alone says it.
  private static func advice(on answer: ErrorAnswer) -> String? {
    switch answer.reason {
    case "X_BAD_CONSUMER_KEYS":
      "copy key and secret anew from the app's page, then try 'linkctl keys validate'"
    case "X_CALLBACK_NOT_APPROVED":
      answer.metadata["callback_url"].map {
        "the app's developer must add exactly this callback URL to the app: \($0)"
      }
    case "X_CLOCK_SKEW":
      answer.metadata["skew_seconds"].map { "the clock of linkd's machine is off by \($0) seconds" }
    case "X_APP_PIN_ONLY": "the app's developer must add a callback URL, or use --pin"
    case "X_APP_SUSPENDED": "the app's developer must settle this with X"
    case "X_APP_NOT_ENROLLED":
      "the app's developer must move the app into a package that may use X's API"
    case "LINK_NOT_FOUND", "LINK_OUTCOME_UNKNOWN": "start again with a new link"
    case "ACCOUNT_IN_OTHER_PROFILE":
      "--allow-sharing links it here, too; unlinking it in one profile then ends it in all"
    case "LINK_REVOKED": "the end user must link the account again"
    case "ACCOUNT_LOCKED": "the owner of the account must unlock it at the provider"
    case "SCOPE_MISSING": "the token may not do this; ask who runs linkd for another"
    default: nil
    }
  }

  private static func advice(on code: StatusCode, _ answer: ErrorAnswer) -> String? {
    switch code {
    case .unauthenticated: "--token-file must hold a token of this linkd"
    case .unavailable where answer.reason == nil: "is linkd running there?"
    case .deadlineExceeded: "--timeout gives it longer"
    default: nil
    }
  }
}

extension ErrorAnswer {
  /// Takes an error's details apart.
  init(_ error: RPCError) {
    self.init(code: "\(error.code)")
    if let info = error.details(of: ErrorInfo.self).first(where: { $0.domain == "link.v1" }) {
      reason = info.reason
      var rest: [String: String] = [:]
      for (key, value) in info.metadata { rest[key] = value }
      actor = rest.removeValue(forKey: "actor")?.lowercased()
      metadata = rest
    }
    fields = error.details(of: BadRequest.self).flatMap(\.fieldViolations)
      .map { Field(field: $0.field, description: $0.descriptionField) }
    links = error.details(of: Help.self).flatMap(\.links)
      .map { Link(description: $0.descriptionField, url: $0.url) }
    retryAfterSeconds = error.details(of: RetryInfo.self).first?.retryDelay?.seconds
  }
}
