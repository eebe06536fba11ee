internal import LinkAPI
internal import OpenSSL
internal import Protobuf
public import RPC

/// Lets only calls through that carry a token with the scope of their method (RFC 6750).
///
/// Which scope a method asks for, its schema says: `(link.v1.scope)`. Deny is the default: a method
/// of which neither a schema nor the program says it is refused, whoever calls.
public struct Authenticator: ServerInterceptor {
  /// The scope that each method of our own schemas asks for, by its path.
  static let schemaScopes = LinkServiceMethods.scopes.merging(AdminServiceMethods.scopes) { $1 }

  private let records: Records
  private let clock: WallClock
  private let trail: any AuditTrail
  private let scopes: [String: Scope]
  private let open: Set<String>

  /// Reads tokens from this store, anew for every call: what is revoked is refused at once.
  ///
  /// Calls that a token may not make are written down in `trail`.
  ///
  /// - Parameter open: the paths of methods that need no token.
  /// - Parameter readable: the paths of methods that any token which may read is good for.
  public init(
    store: any RecordStore, clock: WallClock, trail: any AuditTrail = NoAuditTrail(),
    open: [String] = [], readable: [String] = []
  ) {
    records = Records(store: store)
    self.clock = clock
    self.trail = trail
    self.open = Set(open)
    scopes = readable.reduce(into: Self.schemaScopes) { $0[$1] = .read }
  }

  /// Refuses with UNAUTHENTICATED or PERMISSION_DENIED, or sets the caller in the context.
  public func intercept<Answer: Sendable>(
    _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
  ) async throws -> Answer {
    // The registered spelling of the path, not the caller's.
    if open.contains(context.path) { return try await next(context) }
    var context = context
    do {
      context.identity = try await caller(of: context)
    } catch { throw error.rpcError }
    return try await next(context)
  }

  private func caller(of context: ServerContext) async throws(Failure) -> Caller {
    guard let token = Self.bearerToken(context.metadata),
      let record = try await records.token(id: token.id),
      constantTimeEquals(record.secretDigest, token.secretDigest),
      !record.isExpired(at: clock.now())
    else { throw .unauthenticated }
    let caller = Caller(
      tenant: record.tenant, scopes: Set(record.scopes), tokenID: token.id)
    let scope = scopes[context.path] ?? .unspecified
    guard caller.scopes.contains(scope), scope != .unspecified else {
      try await trail.record(.refuseCall, context.path, by: caller, at: clock.now())
      throw .scopeMissing(scope)
    }
    return caller
  }

  /// The token of the one `authorization` header.
  ///
  /// Two headers are refused: whoever forwards calls might have checked the other one.
  private static func bearerToken(_ metadata: Metadata) -> AccessToken? {
    let values = metadata.values(named: "authorization")
    guard values.count == 1, let value = values.first else { return nil }
    let scheme = "bearer "
    guard value.utf8.prefix(scheme.utf8.count).map({ $0 | 0x20 }).elementsEqual(scheme.utf8)
    else { return nil }
    return AccessToken(String(value.utf8.dropFirst(scheme.utf8.count)) ?? "")
  }
}

extension TokenRecord {
  /// Whether the token is to be refused.
  fileprivate func isExpired(at now: Timestamp) -> Bool {
    expireTime.map { !(now < $0) } ?? false
  }
}
