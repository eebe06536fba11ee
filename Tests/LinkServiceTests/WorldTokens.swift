import LinkAPI
import LinkService
import Protobuf
import RPC
import Synchronization

/// What tests do with tokens, through the admin service and as its own tenant `ops`.
extension World {
  var admin: AdminServiceClient { AdminServiceClient(channel) }

  /// The options of calls by one and the same administrator.
  func adminOptions() async throws(RPCError) -> CallOptions {
    let known = administrator.withLock(\.self)
    let text: String
    if let known { text = known } else { text = try await issue([.admin], tenant: "ops") }
    administrator.withLock { $0 = text }
    var metadata = Metadata()
    metadata.append("Bearer \(text)", for: "authorization")
    return CallOptions(metadata: metadata)
  }

  /// The name of the administrator's own token.
  func adminName() async throws(RPCError) -> String {
    _ = try await adminOptions()
    return try await tokens("tenants/ops").first?.name ?? ""
  }

  /// A token that nobody has been asked for.
  func issue(
    _ scopes: Set<TokenScope>, tenant: String = "acme"
  ) async throws(RPCError) -> String {
    try await TokenIssuer(store: store, clock: time.clock)
      .issue(tenant: tenant, scopes: scopes).text
  }

  func make(_ scope: Scope, expiring time: Int64?) async throws(RPCError) -> CreateTokenResponse {
    var request = CreateTokenRequest()
    request.parent = "tenants/acme"
    request.scopes = [scope]
    request.expireTime = time.map { Timestamp(seconds: $0) }
    return try await admin.createToken(request, options: try await adminOptions())
  }

  func revoke(_ name: String, allowMissing: Bool = false) async throws(RPCError) {
    var request = RevokeTokenRequest()
    (request.name, request.allowMissing) = (name, allowMissing)
    _ = try await admin.revokeToken(request, options: try await adminOptions())
  }

  func tokens(_ parent: String) async throws(RPCError) -> [Token] {
    var request = ListTokensRequest()
    request.parent = parent
    return try await admin.listTokens(request, options: try await adminOptions()).tokens
  }
}
