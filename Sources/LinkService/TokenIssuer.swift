internal import LinkAPI
internal import Protobuf
public import RPC

/// What a bearer token may do.
public enum TokenScope: String, Sendable, Hashable, CaseIterable {
  /// See accounts.
  case read
  /// Begin and complete links, examine keys.
  case link
  /// Have requests signed.
  case sign
  /// Manage tenants and tokens.
  case admin

  var scope: Scope {
    switch self {
    case .read: .read
    case .link: .link
    case .sign: .sign
    case .admin: .admin
    }
  }
}

/// Makes the bearer tokens that callers authenticate with.
public struct TokenIssuer: Sendable {
  private let records: Records
  private let clock: WallClock

  /// Keeps what it knows of tokens in this store, where `Authenticator` looks for it.
  public init(store: any RecordStore, clock: WallClock) {
    records = Records(store: store)
    self.clock = clock
  }

  /// Makes a token that speaks for a tenant.
  ///
  /// It cannot be had a second time.
  ///
  /// The tenant's name follows the rule for profiles: see `StartLinkRequest.parent`.
  public func issue(
    tenant: String, scopes: Set<TokenScope>
  ) async throws(RPCError) -> AccessToken {
    do {
      return try await make(TokenOrder(tenant: tenant, scopes: scopes)).token
    } catch { throw error.rpcError }
  }

  /// Makes the token that was asked for, and its record.
  func make(
    _ order: TokenOrder
  ) async throws(Failure) -> (token: AccessToken, record: TokenRecord) {
    let token: AccessToken
    do { token = try AccessToken.random() } catch { throw .broken("no randomness", cause: error) }
    var record = TokenRecord()
    record.tenant = order.tenant
    record.scopes = order.scopes
    record.secretDigest = token.secretDigest
    record.createTime = clock.now()
    record.expireTime = order.expireTime
    var change = Change()
    let key = RecordKey.token(id: token.id)
    try change.put(record, at: key)
    change.require(key, version: nil)
    guard try await records.commit(change) != nil else { throw .broken("two tokens have one id") }
    return (token, record)
  }
}
