internal import LinkAPI
internal import Protobuf

/// What a `ValidateKeys` asks, read strictly.
struct KeyQuestion {
  let keys: KeySource
  let returning: ReturnMethod

  init(_ request: ValidateKeysRequest) throws(Failure) {
    var check = RequestCheck()
    check.provider(request.provider)
    keys = check.keySource(request.keys, request.keySet)
    returning = check.returning(callback: request.callbackURL, pin: request.pin != nil)
    try check.finish()
  }
}

extension LinkingService {
  /// Asks X for a request token with these keys, which proves key, secret, clock, callback, app
  /// type and standing at once and costs nothing, and then what that leaves open.
  func examine(
    _ question: KeyQuestion, _ caller: Caller, timeout: Duration
  ) async throws(Failure) -> ValidateKeysResponse {
    let keys = try await records.pair(question.keys, of: caller.tenant).keys
    let subject = ExaminationMemory.subject(
      caller.tenant, keys.consumerKey, keys.consumerSecret, question.returning.url)
    if let known = examinations.answer(to: subject, at: clock.now()) { return known }
    try examinations.spend(
      ExaminationMemory.subject(caller.tenant, keys.consumerKey), at: clock.now())

    var examination = KeyExamination(returning: question.returning)
    do throws(XFailure) {
      let answer = try await x.requestToken(
        keys: keys, returning: question.returning, timeout: timeout)
      examination.accepted(clockSkew: answer.clockSkew)
    } catch {
      let diagnosis = XDiagnosis(error, returning: question.returning)
      guard diagnosis.isAboutKeys else { throw diagnosis.failure }
      examination.refused(diagnosis, clockSkew: error.clockSkew)
    }
    await examineAsApplication(keys, caller, timeout, &examination)
    let response = examination.response(at: clock.now())
    examinations.keep(response, to: subject, at: clock.now())
    return response
  }

  /// Asks with the application's own token, for what a request token cannot tell: whether a pair
  /// whose signature was refused is one at all, and whether the app may use the newer API.
  ///
  /// An answer that does not come, or says nothing, leaves things as they are.
  private func examineAsApplication(
    _ keys: ConsumerKeys, _ caller: Caller, _ timeout: Duration,
    _ examination: inout KeyExamination
  ) async {
    let subject = ExaminationMemory.subject(
      caller.tenant, keys.consumerKey, keys.consumerSecret)
    do throws(XFailure) {
      var bearer = examinations.bearer(of: subject, at: clock.now())
      if bearer == nil { bearer = try await x.bearer(keys, timeout: timeout) }
      guard let bearer else { return }
      examinations.keep(bearer, of: subject, at: clock.now())
      examination.isPair()
      try await x.askAsApplication(keys, bearer: bearer, timeout: timeout)
    } catch {
      let diagnosis = XDiagnosis(error, returning: .pin)
      if diagnosis.check == .enrolment { examination.isNotEnrolled(diagnosis) }
    }
  }
}

/// What is known of a key pair, check by check.
private struct KeyExamination {
  private let returning: ReturnMethod
  private var verdict = KeyVerdict.undecided
  private var findings: [KeyCheck: KeyFinding] = [:]
  private static let checks: [KeyCheck] = [
    .keyPair, .clock, .callback, .appStanding, .appType, .enrolment, .permissions,
  ]

  init(returning: ReturnMethod) {
    self.returning = returning
    for check in Self.checks {
      set(check, .unknown, "Not looked at: the provider refused before it came to this.")
    }
    set(.enrolment, .unknown, "X did not say that the app may not use its API.")
    set(
      .permissions, .unknown,
      "X tells only in answer to a user's token: see the access level of an account that was checked."
    )
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

  /// X has given the app a token of its own.
  mutating func isPair() {
    guard findings[.keyPair]?.outcome == .failed else { return }
    set(.keyPair, .passed, "X gives the app a token of its own for the consumer key and secret.")
    findings[.appType] = XDiagnosis.wrongAppType.finding
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
