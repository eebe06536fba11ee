internal import LinkAPI
internal import RPC

/// Who makes a call: what its token says.
struct Caller: Sendable {
  /// The calling service.
  let tenant: String
  /// What it may do.
  let scopes: Set<Scope>
  /// The id of its token; empty for a caller in this process.
  var tokenID: [UInt8] = []
  /// Tells this call from all others, for the audit log.
  let call = UInt64.random(in: .min ... .max)

  /// Who makes the call of this context, as `Authenticator` found out.
  static func of(_ context: ServerContext) throws(Failure) -> Caller {
    guard let caller = context.identity as? Caller else { throw .unauthenticated }
    return caller
  }
}

extension Failure {
  /// The one answer to every call without a good token, whatever is wrong with it.
  static let unauthenticated = Failure(
    code: .unauthenticated, reason: .unauthenticated, actor: .developer,
    message: "a valid bearer token is needed: authorization: Bearer linkd_…")

  static func scopeMissing(_ scope: Scope) -> Failure {
    Failure(
      code: .permissionDenied, reason: .scopeMissing, actor: .developer,
      message: "the token does not have the scope \(scope.shortName.lowercased())",
      metadata: ["scope": scope.shortName.lowercased()])
  }
}
