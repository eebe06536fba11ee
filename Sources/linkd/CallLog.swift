internal import Logging
internal import RPC

/// Logs how calls ended.
///
/// It never sees a message, so it cannot show what is in one.
struct CallLog: ServerInterceptor {
  let logger: Logger

  func intercept<Answer: Sendable>(
    _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
  ) async throws -> Answer {
    let start = ContinuousClock.now
    do {
      let answer = try await next(context)
      logger.debug("call", metadata: fields(context, .ok, since: start))
      return answer
    } catch {
      let failure = RPCError.wrapping(error)
      log(failure, context, since: start)
      throw error
    }
  }

  private func log(
    _ error: RPCError, _ context: ServerContext, since start: ContinuousClock.Instant
  ) {
    var fields = fields(context, error.code, since: start)
    if let cause = error.cause { fields["cause"] = "\(cause)" }
    let isOurs =
      [.unknown, .internal, .dataLoss].contains(error.code) && !(error.cause is PeerFault)
    logger.log(level: isOurs ? .error : .info, "call", metadata: fields)
  }

  private func fields(
    _ context: ServerContext, _ code: StatusCode, since start: ContinuousClock.Instant
  ) -> Logger.Metadata {
    let took = start.duration(to: .now) / .milliseconds(1)
    return [
      "method": "\(context.path)", "status": "\(code)", "peer": "\(context.peer.address)",
      "ms": "\((took * 10).rounded() / 10)",
    ]
  }
}
