internal import LinkAPI
internal import Protobuf

/// What a `ValidateKeys` asks, read strictly.
struct KeyQuestion {
  let keys: ConsumerKeys
  let returning: ReturnMethod

  init(_ request: ValidateKeysRequest) throws(Failure) {
    var check = RequestCheck()
    check.provider(request.provider)
    keys = check.keys(request.keys)
    returning = check.returning(callback: request.callbackURL, pin: request.pin != nil)
    try check.finish()
  }
}

extension LinkingService {
  /// Asks X for a request token with these keys, which proves key, secret, clock, callback, app
  /// type and standing at once and costs nothing, and says what follows from the answer.
  func examine(
    _ question: KeyQuestion, timeout: Duration
  ) async throws(Failure) -> ValidateKeysResponse {
    var examination = KeyExamination(returning: question.returning)
    do throws(XFailure) {
      let answer = try await x.requestToken(
        keys: question.keys, returning: question.returning, timeout: timeout)
      examination.accepted(clockSkew: answer.clockSkew)
    } catch {
      let diagnosis = XDiagnosis(error, returning: question.returning)
      guard diagnosis.isAboutKeys else { throw diagnosis.failure }
      examination.refused(diagnosis, clockSkew: error.clockSkew)
    }
    return examination.response(at: clock.now())
  }
}

/// What is known of a key pair, check by check.
private struct KeyExamination {
  /// A difference between two clocks that X does not mind, in seconds.
  private static let tolerableSkew: Int64 = 60

  private let returning: ReturnMethod
  private var verdict = KeyVerdict.undecided
  private var findings: [KeyCheck: KeyFinding] = [:]
  private static let checks: [KeyCheck] = [
    .keyPair, .clock, .callback, .appStanding, .appType, .enrolment,
  ]

  init(returning: ReturnMethod) {
    self.returning = returning
    for check in Self.checks {
      set(check, .unknown, "Not looked at: the provider refused before it came to this.")
    }
    set(.enrolment, .unknown, "X tells only in answer to an API call that costs credits.")
    if returning.isPIN { set(.callback, .notApplicable, "PIN mode uses no callback.") }
  }

  mutating func accepted(clockSkew: Int64?) {
    verdict = .usable
    set(.keyPair, .passed, "X accepts the consumer key and secret.")
    set(.appStanding, .passed, "The app is in good standing.")
    set(.appType, .passed, "The app may send users back like this.")
    if case .callback = returning { set(.callback, .passed, "X accepts the callback.") }
    setClock(clockSkew)
  }

  mutating func refused(_ diagnosis: XDiagnosis, clockSkew: Int64?) {
    verdict = diagnosis.check == nil ? .undecided : .notUsable
    setClock(clockSkew)
    // X looks at the signature before anything else: any other refusal proves the pair.
    if let check = diagnosis.check, ![.keyPair, .clock].contains(check) {
      set(.keyPair, .passed, "X accepts the consumer key and secret.")
    }
    if let check = diagnosis.check { findings[check] = diagnosis.finding }
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
    guard skew.magnitude > Self.tolerableSkew.magnitude else {
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
