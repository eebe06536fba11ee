internal import LinkAPI
internal import Protobuf

extension AdministrationService {
  func create(
    _ request: CreateTokenRequest, _ caller: Caller
  ) async throws(Failure) -> CreateTokenResponse {
    let order = try TokenOrder(request, now: clock.now())
    try await trail.record(.createToken, request.parent, by: caller, at: clock.now())
    let (token, record) = try await issuer.make(order)
    var response = CreateTokenResponse()
    response.token = Token(record, id: token.id)
    response.text = token.text
    return response
  }
}

/// The token that is to be made, checked.
struct TokenOrder {
  let tenant: String
  let scopes: [Scope]
  /// Nil: it is good for ever.
  let expireTime: Timestamp?

  init(_ request: CreateTokenRequest, now: Timestamp) throws(Failure) {
    var check = RequestCheck()
    tenant = check.tenant(of: request.parent)
    scopes = check.scopes(request.scopes)
    expireTime = request.expireTime
    check.require(expireTime.map { now < $0 } ?? true, "expire_time", "must be in the future")
    try check.finish()
  }

  /// The order for a token that never expires, of this process itself.
  init(tenant: String, scopes: Set<TokenScope>) throws(Failure) {
    var check = RequestCheck()
    check.require(RequestCheck.isProfile(tenant), "tenant", RequestCheck.nameRule)
    self.tenant = tenant
    self.scopes = check.scopes(scopes.map(\.scope))
    expireTime = nil
    try check.finish()
  }
}

extension RequestCheck {
  /// The tenant that `tenants/{tenant}` names.
  mutating func tenant(of parent: String, _ field: String = "parent") -> String {
    let name = TenantName(parent)
    require(
      name != nil, field, "must be tenants/{tenant}, where the tenant \(Self.nameRule)")
    return name?.tenant ?? ""
  }

  /// Scopes, each once, in the order of their numbers.
  mutating func scopes(_ scopes: [Scope], _ field: String = "scopes") -> [Scope] {
    let known = Scope.valueNames.map(\.number).filter { $0 != 0 }
    require(
      !scopes.isEmpty && scopes.allSatisfy { known.contains($0.rawValue) }, field,
      "must be one or more of read, link, sign and admin")
    return Set(scopes).sorted { $0.rawValue < $1.rawValue }
  }
}
