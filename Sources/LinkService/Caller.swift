internal import LinkAPI
internal import RPC
internal import Synchronization
internal import TextCoding

/// Who makes a call: what its token or its certificate says.
struct Caller: Sendable {
  /// What a caller has shown.
  enum Credential: Sendable, Hashable {
    /// Nothing: a caller in this process.
    case none
    /// A bearer token of this id.
    case token([UInt8])
    /// A client certificate, let in by the entry of this id, and its last second.
    case certificate([UInt8], lastSecond: Int64)

    /// What the audit log calls it; no secret.
    var text: String {
      switch self {
      case .none: ""
      case .token(let id): Hex.encode(id)
      case .certificate(let id, _): "certificate:" + Hex.encode(id)
      }
    }
  }

  /// The calling service.
  let tenant: String
  /// What it may do.
  let scopes: Set<Scope>
  /// What it has shown.
  var credential = Credential.none
  /// Tells this call from all others, for the audit log.
  let call = CallNumbers.next()

  /// Who makes the call of this context, as `Authenticator` found out.
  static func of(_ context: ServerContext) throws(Failure) -> Caller {
    guard let caller = context.identity(as: Caller.self) else { throw .unauthenticated }
    return caller
  }
}

/// Numbers that do not repeat, also over restarts: a random one, and those that follow it.
///
/// A random number for each would be a system call for each.
private enum CallNumbers {
  private static let first = UInt64.random(in: .min ... .max)
  private static let count = Atomic<UInt64>(0)

  static func next() -> UInt64 { first &+ count.wrappingAdd(1, ordering: .relaxed).oldValue }
}

extension Failure {
  /// The one answer to every call without a good token, whatever is wrong with it.
  static let unauthenticated = Failure(
    code: .unauthenticated, reason: .unauthenticated, actor: .developer,
    message: "a valid bearer token is needed (authorization: Bearer linkd_…), or a client "
      + "certificate that speaks for a tenant")

  static func scopeMissing(_ scope: Scope) -> Failure {
    Failure(
      code: .permissionDenied, reason: .scopeMissing, actor: .developer,
      message: "the token or certificate does not have the scope \(scope.shortName.lowercased())",
      metadata: ["scope": scope.shortName.lowercased()])
  }
}
