internal import LinkAPI
public import RPC

/// Writes down how every call ended that may have changed or signed something: `end_call`, beside
/// what the call has written down before it did anything.
///
/// Stands behind `Authenticator`. Calls that only read with the scope `read` are not written down.
public struct CallAudit: ServerInterceptor {
  private let trail: any AuditTrail
  private let clock: WallClock

  /// Writes into this trail.
  public init(trail: any AuditTrail, clock: WallClock) {
    self.trail = trail
    self.clock = clock
  }

  /// Passes the call on and writes its end down.
  public func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    guard let caller = context.identity(as: Caller.self),
      let scope = Authenticator.schemaScopes[context.path], scope != .read
    else { return try next(context) }
    return .later {
      do {
        let answer = try await next(context).value
        await end(context, caller, "\(StatusCode.ok)")
        return answer
      } catch {
        await end(context, caller, RPCError.wrapping(error).outcome)
        throw error
      }
    }
  }

  /// A trail that fails here spoils no answer: what was done is written down already, and nothing
  /// more will be done before it works again.
  private func end(
    _ context: ServerContext, _ caller: Caller, _ outcome: String
  ) async {
    try? await trail.record(
      .endCall, context.path, by: caller, at: clock.now(), detail: outcome)
  }
}

extension RPCError {
  /// The code and the reason: `NOT_FOUND LINK_NOT_FOUND`.
  fileprivate var outcome: String {
    let reason = details(of: ErrorInfo.self).first { $0.domain == Failure.domain }?.reason
    return ["\(code)", reason].compactMap(\.self).joined(separator: " ")
  }
}
