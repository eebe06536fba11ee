internal import LinkAPI
internal import OAuth
internal import Protobuf

/// What a `ValidateKeys` asks, read strictly.
struct KeyQuestion {
  let keys: KeySource
  let method: LinkMethod
  let returning: ReturnMethod

  init(_ request: ValidateKeysRequest, at description: ProviderDescription) throws(Failure) {
    var check = RequestCheck()
    check.provider(request.provider)
    method = check.linkMethod(request.linkMethod)
    keys = check.keySource(request.keys, request.keySet, for: method)
    returning = check.returning(callback: request.callbackURL, pin: request.pin != nil)
    if method == .oauth2 {
      check.require(
        request.pin == nil, "pin", "must be left out where link_method is OAUTH2")
      check.require(
        description.code != nil, "link_method", "is not one that the provider offers")
    }
    try check.finish()
  }
}

extension LinkingService {
  /// Asks X what proves as much as possible at once and costs nothing, and then what that leaves
  /// open.
  func examine(
    _ question: KeyQuestion, _ caller: Caller, timeout: Duration
  ) async throws(Failure) -> ValidateKeysResponse {
    let keys = try await records.pair(question.keys, of: caller.tenant, for: question.method).keys
    let subject = ExaminationMemory.subject(
      "\(question.method)", keys.consumerKey, keys.consumerSecret,
      question.returning.url)
    if let known = examinations.answer(to: subject, of: caller.tenant, at: clock.now()) {
      return known
    }
    try examinations.spend(
      ExaminationMemory.subject(keys.consumerKey), of: caller.tenant, at: clock.now())

    var examination = KeyExamination(returning: question.returning, by: question.method)
    if question.method == .oauth2 {
      try await examineAsClient(keys, caller, question.returning, timeout, &examination)
    } else {
      try await examineAsConsumer(keys, caller, question.returning, timeout, &examination)
    }
    let response = examination.response(at: clock.now())
    examinations.keep(response, to: subject, of: caller.tenant, at: clock.now())
    return response
  }

  /// OAuth 1.0a: a request token proves key, secret, clock, callback, app type and standing.
  private func examineAsConsumer(
    _ keys: ConsumerKeys, _ caller: Caller, _ returning: ReturnMethod, _ timeout: Duration,
    _ examination: inout KeyExamination
  ) async throws(Failure) {
    do throws(XFailure) {
      let answer = try await x.serving(caller.tenant).requestToken(
        keys: keys, returning: returning, timeout: timeout)
      examination.accepted(clockSkew: answer.clockSkew)
    } catch { try refused(error, returning, .oauth1, &examination) }
    await examineAsApplication(keys, caller, timeout, &examination)
    guard examination.failsOnPair, x.provider.code != nil else { return }
    let url = returning.isPIN ? x.provider.origin : returning.url
    if (try? await x.serving(caller.tenant).recognition(
      of: keys, redirectURI: url, timeout: timeout)) != nil
    {
      examination.isPair(of: .oauth2)
    }
  }

  /// OAuth 2.0: a code that X cannot have given proves client id and secret.
  private func examineAsClient(
    _ keys: ConsumerKeys, _ caller: Caller, _ returning: ReturnMethod, _ timeout: Duration,
    _ examination: inout KeyExamination
  ) async throws(Failure) {
    do throws(XFailure) {
      examination.recognized(
        isPublic: keys.consumerSecret.isEmpty,
        clockSkew: try await x.serving(caller.tenant).recognition(
          of: keys, redirectURI: returning.url, timeout: timeout))
    } catch { try refused(error, returning, .oauth2, &examination) }
    guard examination.failsOnPair, !keys.consumerSecret.isEmpty else { return }
    if (try? await bearer(of: keys, caller, timeout)) != nil { examination.isPair(of: .oauth1) }
  }

  private func refused(
    _ error: XFailure, _ returning: ReturnMethod, _ method: LinkMethod,
    _ examination: inout KeyExamination
  ) throws(Failure) {
    let diagnosis = XDiagnosis(error, returning: returning, by: method)
    guard diagnosis.isAboutKeys else { throw diagnosis.failure }
    examination.refused(diagnosis, clockSkew: error.clockSkew)
  }

  /// Asks with the application's own token, for what a request token cannot tell: whether a pair
  /// whose signature was refused is one at all, and whether the app may use the newer API.
  ///
  /// An answer that does not come, or says nothing, leaves things as they are.
  private func examineAsApplication(
    _ keys: ConsumerKeys, _ caller: Caller, _ timeout: Duration,
    _ examination: inout KeyExamination
  ) async {
    do throws(XFailure) {
      let bearer = try await bearer(of: keys, caller, timeout)
      examination.isPair()
      try await x.serving(caller.tenant).askAsApplication(keys, bearer: bearer, timeout: timeout)
    } catch {
      let diagnosis = XDiagnosis(error, returning: .pin)
      if diagnosis.check == .enrolment { examination.isNotEnrolled(diagnosis) }
    }
  }

  /// The application's own token, which is kept for a while: X gives the same one again.
  private func bearer(
    of keys: ConsumerKeys, _ caller: Caller, _ timeout: Duration
  ) async throws(XFailure) -> Secret {
    let subject = ExaminationMemory.subject(keys.consumerKey, keys.consumerSecret)
    if let known = examinations.bearer(of: subject, of: caller.tenant, at: clock.now()) {
      return known
    }
    let bearer = try await x.serving(caller.tenant).bearer(keys, timeout: timeout)
    examinations.keep(bearer, of: subject, of: caller.tenant, at: clock.now())
    return bearer
  }
}
