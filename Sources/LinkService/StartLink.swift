internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import TextCoding
internal import Protobuf
internal import RPC

/// What a `StartLink` asks for, read strictly.
struct StartPlan {
  let profile: String
  let provider: Provider
  let keys: KeySource
  let returning: ReturnMethod
  let request: StartLinkRequest
  let digest: [UInt8]

  init(_ request: StartLinkRequest) throws(Failure) {
    var check = RequestCheck()
    profile = check.profile(of: request.parent)
    check.provider(request.provider)
    keys = check.keySource(request.keys, request.keySet)
    returning = check.returning(callback: request.callbackURL, pin: request.pin != nil)
    check.hints(request)
    check.requestID(request.requestID)
    try check.finish()
    provider = request.provider
    self.request = request
    if case .stored(let name) = keys, !name.serves(profile: profile) { throw .keySetNotFound }
    digest = try RequestDigest.of(request)
  }
}

/// How the user comes back.
enum ReturnMethod: Sendable {
  case callback(String)
  case pin

  var isPIN: Bool { if case .pin = self { true } else { false } }
}

extension RequestCheck {
  mutating func returning(callback: String?, pin: Bool) -> ReturnMethod {
    if let callback {
      self.callback(callback)
      return .callback(callback)
    }
    require(pin, "return_method", "must be a callback_url or pin")
    return .pin
  }

  fileprivate mutating func hints(_ request: StartLinkRequest) {
    require(
      [.unspecified, .read, .write].contains(request.accessLevel), "access_level",
      "must be unspecified, ACCESS_LEVEL_READ or ACCESS_LEVEL_WRITE")
    require(
      request.screenName.isEmpty
        || Self.isVisible(request.screenName, upTo: LinkLimits.screenNameLength),
      "screen_name",
      "must be at most \(LinkLimits.screenNameLength) visible ASCII characters")
    require(
      [.unspecified, .authorize, .authenticate].contains(request.consentPage), "consent_page",
      "must be unspecified, CONSENT_PAGE_AUTHORIZE or CONSENT_PAGE_AUTHENTICATE")
    require(
      [.unspecified, .refuse, .allow].contains(request.accountSharing), "account_sharing",
      "must be unspecified, ACCOUNT_SHARING_REFUSE or ACCOUNT_SHARING_ALLOW")
    require(
      request.consentPage != .authenticate || request.pin == nil, "consent_page",
      "must not be CONSENT_PAGE_AUTHENTICATE in PIN mode")
  }
}

extension LinkingService {
  private static let linkIDLength = 10
  private static let linkSecretLength = 32

  func start(
    _ plan: StartPlan, _ caller: Caller, timeout: Duration
  ) async throws(Failure) -> StartLinkResponse {
    let earlier = try await earlierStart(plan, caller)
    if let response = earlier?.response { return response }
    try await audit(.startLink, plan.request.parent, by: caller)
    let pair = try await records.pair(plan.keys, of: caller.tenant)
    let (token, url) = try await requestToken(plan, pair, timeout)
    let (response, change) = try newLink(
      plan, caller, LinkRecord(plan, caller, pair, token), url, over: earlier)
    if try await records.commit(change) != nil { return response }
    // A repeat of this call was quicker; what it was told counts.
    guard let response = try await earlierStart(plan, caller)?.response else {
      throw .broken("a link could not be kept")
    }
    return response
  }

  private func requestToken(
    _ plan: StartPlan, _ pair: KeyPair, _ timeout: Duration
  ) async throws(Failure) -> (RequestToken, authorizeURL: String) {
    do throws(XFailure) {
      let token = try await x.requestToken(
        keys: pair.keys, returning: plan.returning, access: plan.request.accessLevel,
        timeout: timeout
      ).value
      return (token, try x.authorizeURL(for: plan, pair.keys, token))
    } catch { throw XDiagnosis(error, returning: plan.returning).failure }
  }

  /// What an earlier call with the same request_id left, and its answer while that is of use.
  private func earlierStart(
    _ plan: StartPlan, _ caller: Caller
  ) async throws(Failure) -> (version: UInt64, response: StartLinkResponse?)? {
    let id = plan.request.requestID
    guard !id.isEmpty, let start = try await records.start(tenant: caller.tenant, requestID: id),
      let response = start.record.response
    else { return nil }
    guard clock.now() < response.expireTime ?? Timestamp() else { return (start.version, nil) }
    guard constantTimeEquals(start.record.requestDigest, plan.digest) else {
      throw .requestIDReused
    }
    return (start.version, response)
  }

  private func newLink(
    _ plan: StartPlan, _ caller: Caller, _ link: LinkRecord, _ authorizeURL: String,
    over earlier: (version: UInt64, response: StartLinkResponse?)?
  ) throws(Failure) -> (StartLinkResponse, Change) {
    let now = clock.now()
    let id: String
    let secret: String
    do {
      id = Hex.encode(try Random.bytes(Self.linkIDLength))
      secret = Hex.encode(try Random.bytes(Self.linkSecretLength))
    } catch { throw .broken("no randomness", cause: error) }
    var response = StartLinkResponse()
    response.link = "links/\(id)"
    response.authorizeURL = authorizeURL
    response.linkSecret = secret
    response.expireTime = now.adding(limits.linkLifetime)

    var change = Change()
    let key = RecordKey.link(
      tenant: caller.tenant, secretDigest: Digest.sha256(Array(secret.utf8)))
    var link = link
    link.linkID = id
    link.createTime = now
    link.expireTime = response.expireTime
    try change.put(link, at: key)
    change.require(key, version: nil)
    try change.putStart(plan, caller, response, over: earlier?.version)
    return (response, change)
  }
}

extension Change {
  fileprivate mutating func putStart(
    _ plan: StartPlan, _ caller: Caller, _ response: StartLinkResponse, over version: UInt64?
  ) throws(Failure) {
    guard !plan.request.requestID.isEmpty else { return }
    var start = StartRecord()
    start.requestDigest = plan.digest
    start.response = response
    let key = RecordKey.start(tenant: caller.tenant, requestID: plan.request.requestID)
    try put(start, at: key)
    require(key, version: version)
  }
}

extension LinkRecord {
  fileprivate init(
    _ plan: StartPlan, _ caller: Caller, _ pair: KeyPair, _ token: RequestToken
  ) {
    self.init()
    self.tenant = caller.tenant
    self.profile = plan.profile
    self.provider = plan.provider
    self.keys = pair.keys
    self.keySet = pair.keySet
    self.keySetVersion = pair.version
    self.requestToken = token.credentials.identifier
    self.requestTokenSecret = token.credentials.secret.text
    self.pin = plan.returning.isPIN
    self.accessLevel = plan.request.accessLevel
    self.accountSharing = plan.request.accountSharing
    self.state = .pending
  }
}

extension Failure {
  fileprivate static let requestIDReused = Failure(
    code: .invalidArgument, reason: .requestIDReused, actor: .developer,
    message: "this request_id was used for a different request",
    violations: [.init(field: "request_id", description: "was used for a different request")])
}
