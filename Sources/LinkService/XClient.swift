internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import Protobuf

/// Asks X: signs, sends, understands, and asks once more with a corrected timestamp where X does
/// not like our clock.
struct XClient: Sendable {
  let transport: any ProviderTransport
  let provider: ProviderDescription
  let clock: WallClock
  let usage = ProviderUsage()
  let skew = ClockSkew()
  let breaker = ProviderBreaker()
  /// For whom it is asked: see `serving`.
  private(set) var tenant = ""

  /// The same for questions of this tenant.
  func serving(_ tenant: String) -> XClient {
    var client = self
    client.tenant = tenant
    return client
  }

  /// An answer, and by how many seconds X's clock was ahead of ours in it.
  struct Answered<Value: Sendable>: Sendable {
    let value: Value
    let clockSkew: Int64?
  }

  /// The first leg: a request token for these keys.
  func requestToken(
    keys: ConsumerKeys, returning: ReturnMethod, access: AccessLevel = .unspecified,
    timeout: Duration
  ) async throws(XFailure) -> Answered<RequestToken> {
    try await ask(.requestToken, with: keys, timeout: timeout) { () throws(OAuthError) in
      try flow(keys).requestToken(callback: Callback(returning), access: RequestedAccess(access))
    }
  }

  /// The second leg: where the user's browser is sent.
  func authorizeURL(
    for plan: StartPlan, _ keys: ConsumerKeys, _ token: RequestToken
  ) throws(XFailure) -> String {
    let request = plan.request
    do {
      return try flow(keys).consentURL(
        for: token, page: request.consentPage == .authenticate ? .authenticate : .authorize,
        forceLogin: request.forceLogin,
        screenName: request.screenName.isEmpty ? nil : request.screenName)
    } catch { throw .notAsked(error) }
  }

  /// The last leg: the access token for a link whose user has agreed.
  func accessToken(
    for link: LinkRecord, verifier: String, timeout: Duration
  ) async throws(XFailure) -> AccessGrant {
    let token = RequestToken(
      credentials: Credentials(
        identifier: link.requestToken, secret: Secret(link.requestTokenSecret)))
    return try await ask(.accessToken, with: link.keys, timeout: timeout) { () throws(OAuthError) in
      try flow(link.keys ?? ConsumerKeys()).accessToken(for: token, verifier: verifier)
    }.value
  }

  private func flow(_ keys: ConsumerKeys) -> ThreeLeggedFlow {
    ThreeLeggedFlow(
      provider: provider,
      client: Credentials(identifier: keys.consumerKey, secret: Secret(keys.consumerSecret)))
  }
}

extension XClient {
  /// Asks with the keys of an application, unless its provider is to be left alone.
  func ask<Value>(
    _ name: ProviderQuestion, with keys: ConsumerKeys?, timeout: Duration,
    _ question: () throws(OAuthError) -> ProviderCall<Value>
  ) async throws(XFailure) -> Answered<Value> {
    let call: ProviderCall<Value>
    do { call = try question() } catch { throw .notAsked(error) }
    let subject = ProviderBreaker.Subject(name, with: keys, of: tenant)
    let wasPatient = timeout >= LinkLimits.patience
    try breaker.begin(subject, at: clock.now())
    do throws(XFailure) {
      let answered = try await exchange(call, name, timeout)
      breaker.end(subject, nil, wasPatient: wasPatient, at: clock.now())
      return answered
    } catch {
      breaker.end(subject, error, wasPatient: wasPatient, at: clock.now())
      throw error
    }
  }

  private func exchange<Value>(
    _ call: ProviderCall<Value>, _ name: ProviderQuestion, _ timeout: Duration
  ) async throws(XFailure) -> Answered<Value> {
    var correction = ClockCorrection()
    let end = ContinuousClock.now + timeout
    while true {
      usage.count(name)
      let answer = try await send(
        call, correction, max(.zero, ContinuousClock.now.duration(to: end)))
      skew.note(answer.clockSkew(at: clock.seconds))
      do throws(ProviderFailure) {
        return Answered(
          value: try call.value(of: answer, at: clock.seconds),
          clockSkew: answer.clockSkew(at: clock.seconds))
      } catch {
        // Ends after the second time at the latest: a correction is made once.
        guard correction.corrects(error) else { throw .answered(error) }
      }
    }
  }

  private func send<Value>(
    _ call: ProviderCall<Value>, _ correction: ClockCorrection, _ timeout: Duration
  ) async throws(XFailure) -> ProviderAnswer {
    let request: PreparedRequest
    do throws(OAuthError) {
      request = try call.request(stamp: try stamp(correction))
    } catch { throw .notAsked(error) }
    do { return try await transport.send(request, timeout: timeout) } catch {
      throw .unanswered(error)
    }
  }

  /// A nonce, and the time as far as it is corrected.
  func stamp(_ correction: ClockCorrection = ClockCorrection()) throws(OAuthError) -> Stamp {
    Stamp(nonce: try Self.nonce(), timestamp: correction.timestamp(at: clock.seconds))
  }

  private static let nonceLength = 16

  private static func nonce() throws(OAuthError) -> Nonce {
    // Without randomness there are no bytes, and `Nonce` refuses too few.
    try Nonce(entropy: (try? Random.bytes(nonceLength)) ?? [])
  }
}

extension WallClock {
  /// Seconds since 1970.
  var seconds: Int64 { now().seconds }
}

extension Callback {
  fileprivate init(_ method: ReturnMethod) {
    switch method {
    case .callback(let url): self = .url(url)
    case .pin: self = .pin
    }
  }
}

extension RequestedAccess {
  fileprivate init?(_ level: AccessLevel) {
    switch level {
    case .read: self = .read
    case .write: self = .write
    default: return nil
    }
  }
}

/// Why X did not do what it was asked to.
enum XFailure: Error {
  /// It said so.
  case answered(ProviderFailure)
  /// It gave no answer.
  case unanswered(ProviderTransportError)
  /// The question could not even be put: a mistake of ours.
  case notAsked(OAuthError)
  /// It spoke of another user than the one whose token was sent along.
  case wrongUser
  /// It was not asked, for it wants or needs a pause.
  case resting(Duration, isRateLimit: Bool)
  /// It was not asked, for too many other questions of the same tenant are under way.
  case crowded

  /// What became of a verifier that was sent along.
  enum Effect {
    /// It is as good as before: the same question may be asked again.
    case none
    /// X has refused it for good.
    case refused
    /// X may have taken it.
    case unknown
  }

  var effect: Effect {
    switch self {
    case .notAsked, .resting, .crowded: .none
    case .wrongUser: .unknown
    case .unanswered(let error): error.mayHaveArrived ? .unknown : .none
    case .answered(let failure):
      switch failure.kind {
      // A mistyped PIN does not use up the right one.
      case .rateLimited, .clockSkew, .verifierRejected: .none
      // Where X itself has spoken, or was full, it did nothing. What a gateway in front of it says
      // (502, 504) tells nothing of how far the request came.
      case .unavailable: failure.code != nil || failure.status == 503 ? .none : .unknown
      case .malformedAnswer: .unknown
      default: .refused
      }
    }
  }

  /// Whether the token that was sent along does not exist any more.
  var saysTokenIsGone: Bool {
    if case .answered(let failure) = self { failure.kind == .tokenRejected } else { false }
  }

  /// Whether it is the code or verifier that was not accepted, and not the application.
  var saysVerifierIsWrong: Bool {
    if case .answered(let failure) = self { failure.kind == .verifierRejected } else { false }
  }

  /// Whether it is the application that was not accepted, and not the token.
  var saysKeysAreWrong: Bool {
    if case .answered(let failure) = self {
      [.badConsumerKeys, .unauthorized].contains(failure.kind)
    } else {
      false
    }
  }

  /// How long X wants us to wait.
  var retryAfter: Duration? {
    switch self {
    case .answered(let failure): failure.retryAfter.map { .seconds($0) }
    case .resting(let pause, _): pause
    default: nil
    }
  }

  /// By how many seconds X's clock was ahead of ours.
  var clockSkew: Int64? {
    if case .answered(let failure) = self { failure.clockSkew } else { nil }
  }
}
