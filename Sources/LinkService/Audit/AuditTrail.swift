public import Protobuf
internal import Store

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
    /// A link is begun.
    case startLink = "start_link"
    /// A link is begun with keys that the tenant of the resource uses, too; written down the first
    /// time.
    case shareKeys = "share_keys"
    /// A call is refused because its token may not make it.
    case refuseCall = "refuse_call"
    /// A call has ended; the particulars are its code, and the reason if it failed.
    case endCall = "end_call"
    /// A token is made for a tenant.
    case createToken = "create_token"
    /// A token is revoked.
    case revokeToken = "revoke_token"
    /// A client certificate is let in.
    case createCertificate = "create_certificate"
    /// A client certificate is let in no longer.
    case deleteCertificate = "delete_certificate"
    /// A tenant is deleted, with all that it has.
    case deleteTenant = "delete_tenant"
  }

  /// When.
  public let time: Timestamp
  /// In which call: all events of one call have the same, and no two calls do.
  public let call: String
  /// Who.
  public let tenant: String
  /// With which token: its id, which is no secret.
  ///
  /// `certificate:` and an id for a certificate.
  public let token: String
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
    try await trail.record(action, resource, by: caller, at: clock.now(), detail: detail)
  }
}

extension AuditTrail {
  /// Writes down what a caller is about to do, or has done.
  func record(
    _ action: AuditEvent.Action, _ resource: String, by caller: Caller, at time: Timestamp,
    detail: String = ""
  ) async throws(Failure) {
    let event = AuditEvent(
      time: time, call: String(caller.call, radix: 16), tenant: caller.tenant,
      token: caller.credential.text, action: action, resource: resource, detail: detail)
    do { try await record(event) } catch let error as StoreError {
      throw .storage(error)
    } catch {
      throw .broken("the audit trail cannot be written", cause: error)
    }
  }
}
