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
  let method: LinkMethod
  /// OAuth 2.0: what is asked for.
  let scopes: [String]
  /// The access that is asked for, by OAuth 2.0 with its scopes.
  let access: AccessLevel
  let request: StartLinkRequest
  let digest: [UInt8]

  init(_ request: StartLinkRequest, at description: ProviderDescription) throws(Failure) {
    var check = RequestCheck()
    profile = check.profile(of: request.parent)
    check.provider(request.provider)
    method = check.linkMethod(request.linkMethod)
    keys = check.keySource(request.keys, request.keySet, for: method)
    returning = check.returning(callback: request.callbackURL, pin: request.pin != nil)
    check.hints(request)
    scopes = check.scopes(of: request, method, at: description.code)
    let mayWrite = description.code?.mayWrite(scopes) == true
    access = method == .oauth2 ? (mayWrite ? .write : .read) : request.accessLevel
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

  /// The address; empty in PIN mode.
  var url: String { if case .callback(let url) = self { url } else { "" } }
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

/// What only one of the methods knows.
extension RequestCheck {
  /// What is asked for by OAuth 2.0; nothing by OAuth 1.0a.
  fileprivate mutating func scopes(
    of request: StartLinkRequest, _ method: LinkMethod, at provider: CodeProvider?
  ) -> [String] {
    guard method == .oauth2 else {
      require(request.scopes.isEmpty, "scopes", "must be empty unless link_method is OAUTH2")
      return []
    }
    require(provider != nil, "link_method", "is not one that the provider offers")
    withoutPage(request)
    guard !request.scopes.isEmpty else {
      let write = request.accessLevel == .read ? [] : provider?.writeScopes ?? []
      return (provider?.readScopes ?? []) + write
    }
    let isWellFormed =
      request.scopes.count <= LinkLimits.scopes
      && request.scopes.allSatisfy { Self.isVisible($0, upTo: LinkLimits.scopeLength) }
    require(
      isWellFormed, "scopes",
      "must be at most \(LinkLimits.scopes), each 1 to \(LinkLimits.scopeLength) visible characters"
    )
    require(
      provider?.identityScopes.allSatisfy(request.scopes.contains) == true, "scopes",
      "must have those by which the provider says who the user is: "
        + (provider?.identityScopes ?? []).joined(separator: " "))
    return request.scopes
  }

  /// The page of OAuth 2.0 takes no hints, and shows no PIN.
  private mutating func withoutPage(_ request: StartLinkRequest) {
    let rule = "must be left out where link_method is OAUTH2"
    require(request.pin == nil, "pin", rule)
    require(request.consentPage == .unspecified, "consent_page", rule)
    require(!request.forceLogin, "force_login", rule)
    require(request.screenName.isEmpty, "screen_name", rule)
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
    let pair = try await records.pair(plan.keys, of: caller.tenant, for: plan.method)
    let (token, url) = try await requestToken(plan, pair, caller, timeout)
    var (response, change) = try newLink(
      plan, caller, LinkRecord(plan, caller, pair, token), url, over: earlier)
    try await noteUse(of: pair.keys, caller, in: &change)
    if try await records.commit(change) != nil { return response }
    // A repeat of this call was quicker; what it was told counts.
    guard let response = try await earlierStart(plan, caller)?.response else {
      throw .broken("a link could not be kept")
    }
    return response
  }

  /// Tells who runs linkd, and nobody else, that tenants share an application: what one of them does
  /// with it befalls the others.
  private func noteUse(
    of keys: ConsumerKeys, _ caller: Caller, in change: inout Change
  ) async throws(Failure) {
    let tenants = try await records.texts(
      under: RecordKey.keyUses(keys), limit: LinkLimits.keyUses
    ).map(\.text)
    guard !tenants.contains(where: { $0.utf8.elementsEqual(caller.tenant.utf8) }) else { return }
    change.put(caller.tenant, at: RecordKey.keyUse(keys, tenant: caller.tenant))
    for other in tenants { try await audit(.shareKeys, "tenants/\(other)", by: caller) }
  }

  private func requestToken(
    _ plan: StartPlan, _ pair: KeyPair, _ caller: Caller, _ timeout: Duration
  ) async throws(Failure) -> (RequestToken, authorizeURL: String) {
    do throws(XFailure) {
      if plan.method == .oauth2 {
        return try x.codeRequest(for: plan, pair.keys, redirectURI: plan.returning.url)
      }
      let token = try await x.serving(caller.tenant).requestToken(
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
    self.linkMethod = plan.method
    self.redirectURI = plan.method == .oauth2 ? plan.returning.url : ""
    self.scopes = plan.scopes
    self.accessLevel = plan.access
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
