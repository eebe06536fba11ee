internal import LinkAPI
internal import OAuth
internal import RPC

/// What a failure at X means to those who can do something about it.
///
/// The one place where X's failures become the service's: `StartLink` and `CompleteLink` make an
/// error of it, `ValidateKeys` a finding.
struct XDiagnosis {
  var code = StatusCode.failedPrecondition
  var reason: ErrorReason
  var actor: Actor
  /// What was found, as a sentence.
  var summary: String
  /// What to do, as a sentence.
  var action: String
  /// The check of `ValidateKeys` that it fails; nil if it says nothing about the keys.
  var check: KeyCheck?
  /// The exact text to paste into X's console.
  var paste = ""
  var help: Failure.HelpLink?
  var metadata: [String: String] = [:]
  /// X's own number; 0 where it has none.
  var providerCode: Int32 = 0
  /// What it makes of an account whose token was used; nil if it says nothing about the account.
  var accountState: AccountState?
  var retryAfter: Duration?
  var cause: (any Error)?
}

extension XDiagnosis {
  /// Whether X has looked at the keys and answered; otherwise the question could not be asked.
  var isAboutKeys: Bool { check != nil || reason == .xRefused }

  var failure: Failure {
    var metadata = metadata
    if !paste.isEmpty { metadata["callback_url"] = paste }
    return Failure(
      code: code, reason: reason, actor: actor, message: "\(summary) \(action)",
      metadata: metadata, retryAfter: retryAfter, help: help, cause: cause)
  }

  var finding: KeyFinding {
    var finding = KeyFinding()
    finding.check = check ?? .unspecified
    finding.outcome = .failed
    finding.reason = reason
    finding.actor = actor
    finding.summary = summary
    finding.action = action
    finding.paste = paste
    finding.helpURL = help?.url ?? ""
    return finding
  }
}

extension XDiagnosis {
  /// The diagnosis of a failure; `returning` is how the user was to come back.
  init(_ failure: XFailure, returning: ReturnMethod, by method: LinkMethod = .oauth1) {
    switch failure {
    case .notAsked(let error): self = .linkdAtFault(error)
    case .unanswered(let error): self = .noAnswer(error)
    case .wrongUser: self = .wrongUser
    case .resting(let pause, let isRateLimit):
      self = isRateLimit ? .rateLimited(pause.components.seconds) : .resting(pause)
    case .crowded: self = .crowded
    case .answered(let failure):
      self = .answered(failure, returning)
      if method == .oauth2, check == .keyPair { self = .badClient }
      note(failure)
    }
  }

  /// The diagnosis of a failure in answer to a request with an account's token.
  init(ofAccount failure: XFailure) {
    guard case .answered(let answer) = failure,
      let diagnosis = Self.aboutAccount(answer.kind)
    else {
      self.init(failure, returning: .pin)
      return
    }
    self = diagnosis
    note(answer)
  }

  private mutating func note(_ failure: ProviderFailure) {
    cause = failure
    guard let code = failure.code else { return }
    metadata["provider_code"] = "\(code)"
    providerCode = Int32(clamping: code)
  }

  /// Nil where it means the same with an account's token as without.
  private static func aboutAccount(_ kind: ProviderFailure.Kind) -> Self? {
    switch kind {
    case .tokenRejected: tokenRevoked
    case .accountLocked: accountLocked
    case .appSuspended: appSuspended
    case .badConsumerKeys, .unauthorized: keysRefused
    default: nil
    }
  }

  private static func answered(_ failure: ProviderFailure, _ returning: ReturnMethod) -> Self {
    switch failure.kind {
    case .badConsumerKeys, .unauthorized, .keysRefusedOrAskedTooOften: badConsumerKeys
    case .clockSkew: clockSkew(failure.clockSkew)
    case .callbackNotApproved: callbackNotApproved(returning)
    case .appSuspended: appSuspended
    case .appPINOnly: appPINOnly(returning)
    case .appNotEnrolled: appNotEnrolled
    case .rateLimited: rateLimited(failure.retryAfter)
    case .tokenRejected, .verifierRejected: grantRejected
    case .accountLocked: accountLocked
    case .refused: refused(failure.message)
    case .unavailable, .malformedAnswer: unavailable(failure)
    }
  }
}

/// What each kind of failure means: one row of the table a function.
extension XDiagnosis {
  private static let badConsumerKeys = XDiagnosis(
    reason: .xBadConsumerKeys, actor: .developer,
    summary: "X does not accept the signature: the consumer key or the consumer secret is wrong.",
    action: "Copy both again from the app's page, or make a new pair. If they are right, look at "
      + "the app's type: X has refused pairs both of \"Web App, Automated App or Bot\" and of "
      + "\"Native App\" until the type was changed and the pair made anew.",
    check: .keyPair, help: .keys)

  /// The pair is good, and the signature is refused all the same.
  static let wrongAppType = XDiagnosis(
    reason: .xBadConsumerKeys, actor: .developer,
    summary: "X knows the pair, but does not accept signatures made with it.",
    action: "Look at the app's type: X has refused pairs both of \"Web App, Automated App or Bot\" "
      + "and of \"Native App\" until the type was changed and the pair made anew.",
    check: .appType, help: .keys)

  private static let badClient = XDiagnosis(
    reason: .xBadConsumerKeys, actor: .developer,
    summary: "X does not accept the application: the client id or the client secret is wrong.",
    action: "Copy both again from the app's page, where they stand beside the consumer key and are "
      + "another pair. Leave the secret out only for a native or single page app.",
    check: .keyPair, help: .apps)

  /// The pair is one of X's, but the one that the other method takes.
  static func pair(of other: LinkMethod) -> XDiagnosis {
    let isCode = other == .oauth2
    return XDiagnosis(
      reason: .xBadConsumerKeys, actor: .developer,
      summary: isCode
        ? "This is the app's client id and client secret, which are for OAuth 2.0."
        : "This is the app's consumer key and consumer secret, which are for OAuth 1.0a.",
      action: isCode
        ? "Take the consumer key and secret from the same page, or link by OAUTH2."
        : "Take the client id and secret from the same page, or link by OAUTH1.",
      check: .keyPair, help: isCode ? .keys : .apps)
  }

  private static func clockSkew(_ skew: Int64?) -> XDiagnosis {
    var diagnosis = XDiagnosis(
      reason: .xClockSkew, actor: .provider,
      summary: "X finds the timestamp out of bounds, also after it was corrected once.",
      action: "Try again later; see that the clock of the machine that runs linkd is right.",
      check: .clock)
    if let skew { diagnosis.metadata["skew_seconds"] = "\(skew)" }
    return diagnosis
  }

  private static func callbackNotApproved(_ returning: ReturnMethod) -> XDiagnosis {
    var diagnosis = XDiagnosis(
      reason: .xCallbackNotApproved, actor: .developer,
      summary: "The callback is not one of the app's callback URLs.",
      action: "Add it to the app's settings, exactly as it is; a slash at the end counts.",
      check: .callback, help: .callbacks)
    if case .callback(let url) = returning { diagnosis.paste = url }
    return diagnosis
  }

  private static let appSuspended = XDiagnosis(
    reason: .xAppSuspended, actor: .developer,
    summary: "X has suspended the app, or the consumer key belongs to none.",
    action: "Look at the app's page in X's console, and ask X's support about a suspension.",
    check: .appStanding, help: .apps, accountState: .appSuspended)

  private static func appPINOnly(_ returning: ReturnMethod) -> XDiagnosis {
    var diagnosis = XDiagnosis(
      reason: .xAppPinOnly, actor: .developer,
      summary: "The app has no callback URL in its settings, so X lets it be used with a PIN only.",
      action: "Set a callback URL in the app's settings, or link in PIN mode.",
      check: .appType, help: .callbacks)
    if case .callback(let url) = returning { diagnosis.paste = url }
    return diagnosis
  }

  private static let appNotEnrolled = XDiagnosis(
    reason: .xAppNotEnrolled, actor: .developer,
    summary: "The app is outside the package and environment that X's API needs.",
    action: "Move it to the Pay-per-use package and the Production environment in X's console.",
    check: .enrolment, help: .apps)

  private static func rateLimited(_ seconds: Int64?) -> XDiagnosis {
    XDiagnosis(
      code: .resourceExhausted, reason: .xRateLimited, actor: .provider,
      summary: "X asks for a pause: there were too many requests.",
      action: "Try again after the time in the RetryInfo.",
      retryAfter: .seconds(seconds ?? defaultPause))
  }

  /// X's windows last 15 minutes; without a word of X's this is when one has surely ended.
  private static let defaultPause: Int64 = 900

  private static let grantRejected = XDiagnosis(
    reason: .xRefused, actor: .endUser,
    summary: "X does not accept what came back: it is wrong, or it came too late.",
    action: "Type the PIN again, or start a new link.")

  private static let accountLocked = XDiagnosis(
    reason: .accountLocked, actor: .endUser,
    summary: "X has locked or suspended the account.",
    action: "Its owner must log in at x.com and do what is asked there.", accountState: .locked)

  private static let tokenRevoked = XDiagnosis(
    reason: .linkRevoked, actor: .endUser,
    summary: "The token of the account no longer works: it was revoked.",
    action: "Link the account again.", accountState: .revoked)

  private static let keysRefused = XDiagnosis(
    reason: .reauthRequired, actor: .endUser,
    summary: "X does not accept the keys that the account was linked with any more.",
    action: "See with ValidateKeys that the keys are right, and link the account again.",
    accountState: .reauthRequired)

  private static func refused(_ message: String) -> XDiagnosis {
    XDiagnosis(
      reason: .xRefused, actor: .developer, summary: "X refuses the request: \(message).",
      action: "Look at the app's page in X's console.", help: .apps)
  }

  private static func unavailable(_ failure: ProviderFailure) -> XDiagnosis {
    XDiagnosis(
      code: .unavailable, reason: .providerUnavailable, actor: .provider,
      summary: "X fails or gives an answer of no known form (HTTP \(failure.status)).",
      action: "Try again later.", retryAfter: failure.retryAfter.map { .seconds($0) })
  }

  private static func noAnswer(_ error: ProviderTransportError) -> XDiagnosis {
    XDiagnosis(
      code: .unavailable, reason: .providerUnavailable, actor: .provider,
      summary: "X gave no answer: \(error.message).", action: "Try again later.", cause: error)
  }

  private static func resting(_ pause: Duration) -> XDiagnosis {
    XDiagnosis(
      code: .unavailable, reason: .providerUnavailable, actor: .provider,
      summary: "X has failed several times, and is not asked for a while.",
      action: "Try again after the time in the RetryInfo.", retryAfter: pause)
  }

  private static let crowded = XDiagnosis(
    code: .resourceExhausted, reason: .askedTooOften, actor: .developer,
    summary: "Too many of the tenant's requests to X are under way.",
    action: "Try again in a moment, and make fewer at once.", retryAfter: .seconds(1))

  private static let wrongUser = XDiagnosis(
    code: .unavailable, reason: .providerUnavailable, actor: .provider,
    summary: "X speaks of another user than the one whose token this is.",
    action: "Try again later.")

  private static func linkdAtFault(_ error: OAuthError) -> XDiagnosis {
    XDiagnosis(
      code: .internal, reason: .internal, actor: .operator,
      summary: "linkd could not make the request to X.", action: "This is a fault of linkd.",
      cause: error)
  }
}

extension Failure.HelpLink {
  fileprivate static let keys = Self(
    title: "Consumer keys",
    url: "https://docs.x.com/fundamentals/authentication/oauth-1-0a/api-key-and-secret")
  fileprivate static let callbacks = Self(
    title: "Callback URLs", url: "https://docs.x.com/fundamentals/developer-apps")
  fileprivate static let apps = Self(
    title: "X's developer console", url: "https://console.x.com")
}
