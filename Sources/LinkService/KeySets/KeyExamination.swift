internal import LinkAPI
internal import Protobuf

/// What is known of a key pair, check by check.
struct KeyExamination {
  private let returning: ReturnMethod
  private var verdict = KeyVerdict.undecided
  private var findings: [KeyCheck: KeyFinding] = [:]
  private static let checks: [KeyCheck] = [
    .keyPair, .clock, .callback, .appStanding, .appType, .enrolment, .permissions,
  ]

  /// Begins with what cannot be found out whatever X says.
  init(returning: ReturnMethod, by method: LinkMethod) {
    self.returning = returning
    for check in Self.checks {
      set(check, .unknown, "Not looked at: the provider refused before it came to this.")
    }
    if method == .oauth2 { beginAsClient() } else { beginAsConsumer() }
  }

  private mutating func beginAsConsumer() {
    set(.enrolment, .unknown, "X did not say that the app may not use its API.")
    set(
      .permissions, .unknown,
      "X tells only in answer to a user's token: see the access level of an account that was checked."
    )
    if returning.isPIN { set(.callback, .notApplicable, "PIN mode uses no callback.") }
  }

  private mutating func beginAsClient() {
    set(
      .callback, .unknown,
      "X looks at the callback only once a user comes: it must stand in the app's settings to the "
        + "letter.")
    findings[.callback]?.paste = returning.url
    set(.appStanding, .unknown, "X did not say that the app is suspended.")
    set(.enrolment, .unknown, "X tells only in answer to a user's token.")
    set(.permissions, .notApplicable, "By OAuth 2.0 each link asks for scopes of its own.")
  }

  /// Whether the pair itself was refused.
  var failsOnPair: Bool { findings[.keyPair]?.outcome == .failed }

  /// X has given a request token.
  mutating func accepted(clockSkew: Int64?) {
    verdict = .usable
    set(.keyPair, .passed, "X accepts the consumer key and secret.")
    set(.appStanding, .passed, "The app is in good standing.")
    set(.appType, .passed, "The app may send users back like this.")
    if case .callback = returning { set(.callback, .passed, "X accepts the callback.") }
    setClock(clockSkew)
  }

  /// X has refused a code, and not the application.
  ///
  /// It need not look at an application without a secret (RFC 6749 section 4.1.3): of that one
  /// nothing is proven.
  mutating func recognized(isPublic: Bool, clockSkew: Int64?) {
    setClock(clockSkew)
    guard !isPublic else {
      let summary =
        "X need not look at the client id of an app without a secret before a user comes."
      for check in [KeyCheck.keyPair, .appType] { set(check, .unknown, summary) }
      return
    }
    verdict = .usable
    set(.keyPair, .passed, "X accepts the client id and secret.")
    set(.appType, .passed, "The app is one that has a secret.")
  }

  mutating func refused(_ diagnosis: XDiagnosis, clockSkew: Int64?) {
    verdict = diagnosis.check == nil ? .undecided : .notUsable
    setClock(clockSkew)
    guard let check = diagnosis.check else { return }
    // X looks at the pair before anything else, so any other refusal proves it; but it says the same
    // of an app that it has suspended and of a key that belongs to none.
    if ![.keyPair, .clock, .appStanding].contains(check) {
      set(.keyPair, .passed, "X accepts the pair.")
    }
    // By how much the clock is wrong is the better answer, where it is known.
    if check == .clock, findings[.clock]?.outcome == .failed { return }
    findings[check] = diagnosis.finding
  }

  /// X has given the app a token of its own.
  mutating func isPair() {
    guard findings[.keyPair]?.outcome != .passed else { return }
    if failsOnPair { findings[.appType] = XDiagnosis.wrongAppType.finding }
    set(.keyPair, .passed, "X gives the app a token of its own for the consumer key and secret.")
  }

  /// X knows the pair where the other method is asked with it.
  mutating func isPair(of other: LinkMethod) {
    findings[.keyPair] = XDiagnosis.pair(of: other).finding
  }

  mutating func isNotEnrolled(_ diagnosis: XDiagnosis) {
    findings[.enrolment] = diagnosis.finding
  }

  func response(at time: Timestamp) -> ValidateKeysResponse {
    var response = ValidateKeysResponse()
    response.verdict = verdict
    response.findings = Self.checks.compactMap { findings[$0] }
    response.validateTime = time
    return response
  }

  private mutating func set(_ check: KeyCheck, _ outcome: KeyOutcome, _ summary: String) {
    var finding = KeyFinding()
    finding.check = check
    finding.outcome = outcome
    finding.summary = summary
    findings[check] = finding
  }

  private mutating func setClock(_ skew: Int64?) {
    guard let skew else { return }
    guard skew.magnitude > ClockSkew.tolerable.magnitude else {
      set(.clock, .passed, "The clock of linkd agrees with X's.")
      return
    }
    let direction = skew > 0 ? "behind" : "ahead of"
    set(.clock, .failed, "The clock of linkd is \(skew.magnitude) s \(direction) X's.")
    findings[.clock]?.reason = .xClockSkew
    findings[.clock]?.actor = .operator
    findings[.clock]?.action = "Set the clock of the machine that runs linkd, for instance by NTP."
  }
}
