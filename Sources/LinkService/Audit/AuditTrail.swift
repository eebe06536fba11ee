public import Protobuf

/// Where it is written down who has done what, for those who must be able to tell.
public protocol AuditTrail: Sendable {
  /// Writes an event down, durably.
  ///
  /// What the event tells of happens only after this has returned: an action that cannot be
  /// written down is refused.
  func record(_ event: AuditEvent) async throws
}

/// Something that a caller does, or has tried to do.
///
/// Holds no secret, and nothing that a caller chose freely but names that were checked.
public struct AuditEvent: Sendable, Hashable {
  /// What.
  public enum Action: String, Sendable, Hashable {
    /// A request is signed.
    case signRequest = "sign_request"
    /// A link is completed, and the provider asked for the token.
    case completeLink = "complete_link"
    /// A link is not completed because its proofs do not fit: perhaps one user's link in another's
    /// session.
    case refuseLink = "refuse_link"
    /// An account is unlinked.
    case unlinkAccount = "unlink_account"
    /// A key set gets a pair.
    case putKeySet = "put_key_set"
    /// A key set is deleted.
    case deleteKeySet = "delete_key_set"
  }

  /// When.
  public let time: Timestamp
  /// Who.
  public let tenant: String
  /// What.
  public let action: Action
  /// The name of what it is done to.
  public let resource: String
  /// Particulars: for a signature method, host and path; empty where there are none.
  public let detail: String
}

/// Writes nothing down: for tests, and until there is somewhere to write to.
public struct NoAuditTrail: AuditTrail {
  /// The only one.
  public init() {}

  /// Does nothing.
  public func record(_ event: AuditEvent) async {}
}

extension LinkingService {
  /// Writes down what a caller is about to do.
  func audit(
    _ action: AuditEvent.Action, _ resource: String, by caller: Caller, detail: String = ""
  ) async throws(Failure) {
    do {
      try await trail.record(
        AuditEvent(
          time: clock.now(), tenant: caller.tenant, action: action, resource: resource,
          detail: detail))
    } catch { throw .broken("the audit trail cannot be written", cause: error) }
  }
}
