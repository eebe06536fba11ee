internal import LinkAPI
internal import OAuth
internal import RPC

extension LinkingService {
  /// Signs for an account that can be used, and only after it was written down.
  func sign(
    _ plan: SigningPlan, _ caller: Caller
  ) async throws(Failure) -> SignRequestResponse {
    let known = try await records.account(plan.name, of: caller.tenant).record.account
    if let refusal = Failure(signingFor: known ?? Account(), safely: plan.isSafe) { throw refusal }
    let record = try await checker.readied(plan.name, of: caller.tenant)
    let account = record.account ?? Account()
    if let refusal = Failure(signingFor: account, safely: plan.isSafe) { throw refusal }
    try await audit(.signRequest, account.name, by: caller, detail: plan.summary)
    var response = SignRequestResponse()
    do throws(XFailure) {
      response.authorization = try x.authorization(for: plan.request, of: record)
    } catch { throw XDiagnosis(ofAccount: error).failure }
    return response
  }
}

extension Failure {
  /// Why nothing is signed for an account; nil if it can be used.
  init?(signingFor account: Account, safely isSafe: Bool) {
    switch account.state {
    case .active:
      guard account.accessLevel == .read, !isSafe else { return nil }
      self = .refused(.accessReadOnly, .developer, "its token may only read")
    case .readOnly:
      guard !isSafe else { return nil }
      self = .refused(.accessReadOnly, .developer, "its token may only read")
    case .revoked: self = .refused(.linkRevoked, .endUser, "its token was revoked")
    case .locked: self = .refused(.accountLocked, .endUser, "X has locked or suspended it")
    case .appSuspended:
      self = .refused(.xAppSuspended, .developer, "X has suspended the application")
    case .reauthRequired:
      self = .refused(.reauthRequired, .endUser, "X does not accept its keys any more")
    default: self = .broken("an account has no state")
    }
  }

  private static func refused(
    _ reason: ErrorReason, _ actor: Actor, _ message: String
  ) -> Failure {
    Failure(
      code: .failedPrecondition, reason: reason, actor: actor,
      message: "the account cannot be used for this: \(message)")
  }
}
