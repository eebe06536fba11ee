internal import LinkAPI
internal import Protobuf
internal import RPC
internal import Store

/// Why a call fails, in the words of `link.v1.ErrorReason`: what becomes the `RPCError`.
struct Failure: Error {
  var code: StatusCode
  var reason: ErrorReason
  var actor: Actor
  /// For a person who develops.
  ///
  /// No secrets, nothing from outside that is not escaped.
  var message: String
  /// Beside `actor`, which is always there.
  var metadata: [String: String] = [:]
  /// When to try again, where somebody said so.
  var retryAfter: Duration?
  /// Where to read on.
  var help: HelpLink?
  /// The fields of the request that are wrong.
  var violations: [Violation] = []
  /// For the log only.
  var cause: (any Error)?

  /// A page of the provider about what is wrong.
  struct HelpLink: Hashable {
    let title: String
    let url: String
  }

  /// A field that is wrong, by its path in the request, and what it should be.
  struct Violation: Hashable {
    let field: String
    let description: String
  }
}

extension Failure {
  /// The domain of all our `ErrorInfo`s (AIP-193).
  static let domain = "link.v1"

  /// The request cannot be meant like that.
  static func invalid(_ violations: [Violation]) -> Failure {
    let fields = violations.map { "\($0.field): \($0.description)" }.joined(separator: "; ")
    return Failure(
      code: .invalidArgument, reason: .invalidRequest, actor: .developer, message: fields,
      violations: violations)
  }

  /// The one answer to a completion that does not fit, whatever it is that does not.
  static let linkNotFound = Failure(
    code: .notFound, reason: .linkNotFound, actor: .developer,
    message: "no live link matches this request; it may have expired or ended: start a new one")

  /// The store did not take a change, or could not read.
  static func storage(_ error: StoreError) -> Failure {
    switch error {
    case .overloaded, .noSpace:
      Failure(
        code: .resourceExhausted, reason: .internal, actor: .operator,
        message: "linkd cannot store more now; nothing was done", cause: error)
    case .outcomeUnknown:
      Failure(
        code: .unavailable, reason: .internal, actor: .operator,
        message: "linkd could not make sure that the change is stored; it must be restarted",
        cause: error)
    default:
      Failure(
        code: .unavailable, reason: .internal, actor: .operator,
        message: "linkd could not store the change; nothing was done", cause: error)
    }
  }

  /// What cannot happen unless linkd, or its store, is broken.
  static func broken(_ message: String, cause: (any Error)? = nil) -> Failure {
    Failure(
      code: .internal, reason: .internal, actor: .operator, message: message, cause: cause)
  }
}

extension Failure {
  /// The error with all its details, as it goes to the caller.
  var rpcError: RPCError {
    var error = RPCError(code, message, cause: cause).adding(errorInfo)
    if !violations.isEmpty { error = error.adding(badRequest) }
    if let retryAfter { error = error.adding(RetryInfo(after: retryAfter)) }
    if let help { error = error.adding(Help(help)) }
    return error
  }

  private var errorInfo: ErrorInfo {
    var info = ErrorInfo()
    info.reason = reason.shortName
    info.domain = Self.domain
    for (key, value) in metadata { info.metadata[key] = value }
    info.metadata["actor"] = actor.shortName
    return info
  }

  private var badRequest: BadRequest {
    var details = BadRequest()
    details.fieldViolations = violations.map { violation in
      var field = BadRequest.FieldViolation()
      field.field = violation.field
      field.descriptionField = violation.description
      return field
    }
    return details
  }
}

extension Failure {
  /// The failure as it is kept for a repeated call.
  ///
  /// What is only for now, as a time to wait, is not kept: only failures that are final are.
  var record: FailureRecord {
    var record = FailureRecord()
    record.code = Int32(code.rawValue)
    record.reason = reason
    record.actor = actor
    record.message = message
    for (key, value) in metadata { record.metadata[key] = value }
    record.helpTitle = help?.title ?? ""
    record.helpURL = help?.url ?? ""
    return record
  }

  init(_ record: FailureRecord) {
    self.init(
      code: StatusCode(rawValue: Int(record.code)) ?? .internal, reason: record.reason,
      actor: record.actor,
      message: record.message)
    for (key, value) in record.metadata { metadata[key] = value }
    if !record.helpURL.isEmpty { help = HelpLink(title: record.helpTitle, url: record.helpURL) }
  }
}

extension Help {
  fileprivate init(_ link: Failure.HelpLink) {
    self.init()
    var entry = Help.Link()
    entry.descriptionField = link.title
    entry.url = link.url
    links = [entry]
  }
}

extension RetryInfo {
  fileprivate init(after duration: Duration) {
    self.init()
    retryDelay = ProtoDuration(duration)
  }
}
