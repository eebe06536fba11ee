public import LinkAPI
internal import Protobuf
public import RPC

/// Answers `link.v1.AdminService`, whose schema says what each method promises.
///
/// Keeps nothing of its own: `Authenticator` reads the same store anew for every call.
public struct AdministrationService: AdminServiceProtocol {
  let records: Records
  let issuer: TokenIssuer
  let clock: WallClock
  let trail: any AuditTrail
  let credentialsChanged: @Sendable () -> Void

  /// A service over the store that holds the tokens; deeds are written down in `trail` before they
  /// happen.
  ///
  /// - Parameter credentialsChanged: called after a token or certificate was taken back, for calls
  ///   that are still under way; see `LinkingService.recheckWatchers`.
  public init(
    store: any RecordStore, clock: WallClock, trail: any AuditTrail = NoAuditTrail(),
    credentialsChanged: @escaping @Sendable () -> Void = {}
  ) {
    records = Records(store: store)
    issuer = TokenIssuer(store: store, clock: clock)
    self.clock = clock
    self.trail = trail
    self.credentialsChanged = credentialsChanged
  }

  /// Makes a token: see the schema.
  public func createToken(
    _ request: CreateTokenRequest, context: ServerContext
  ) async throws -> CreateTokenResponse {
    try await answering(context) { caller throws(Failure) in try await create(request, caller) }
  }

  /// Lists tokens: see the schema.
  public func listTokens(
    _ request: ListTokensRequest, context: ServerContext
  ) async throws -> ListTokensResponse {
    try await answering(context) { caller throws(Failure) in
      try await list(TokenQuery(request, caller))
    }
  }

  /// Revokes a token: see the schema.
  public func revokeToken(
    _ request: RevokeTokenRequest, context: ServerContext
  ) async throws -> RevokeTokenResponse {
    try await answering(context) { caller throws(Failure) in try await revoke(request, caller) }
  }

  /// Lets a certificate in: see the schema.
  public func createCertificate(
    _ request: CreateCertificateRequest, context: ServerContext
  ) async throws -> CreateCertificateResponse {
    try await answering(context) { caller throws(Failure) in try await create(request, caller) }
  }

  /// Lists certificates: see the schema.
  public func listCertificates(
    _ request: ListCertificatesRequest, context: ServerContext
  ) async throws -> ListCertificatesResponse {
    try await answering(context) { caller throws(Failure) in
      try await list(CertificateQuery(request, caller))
    }
  }

  /// Takes a certificate's leave to call away: see the schema.
  public func deleteCertificate(
    _ request: DeleteCertificateRequest, context: ServerContext
  ) async throws -> DeleteCertificateResponse {
    try await answering(context) { caller throws(Failure) in try await delete(request, caller) }
  }

  /// Forgets a tenant: see the schema.
  public func deleteTenant(
    _ request: DeleteTenantRequest, context: ServerContext
  ) async throws -> DeleteTenantResponse {
    try await answering(context) { caller throws(Failure) in try await delete(request, caller) }
  }

  private func answering<Response>(
    _ context: ServerContext, _ body: (Caller) async throws(Failure) -> Response
  ) async throws(RPCError) -> Response {
    do { return try await body(try Caller.of(context)) } catch { throw error.rpcError }
  }
}
