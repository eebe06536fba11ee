internal import Logging
internal import RPC

/// Logs how calls ended.
///
/// It never sees a message, so it cannot show what is in one.
struct CallLog: ServerInterceptor {
  let logger: Logger

  func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    let start = ContinuousClock.now
    return try next(context) { outcome in
      switch outcome {
      case .success: logger.debug("call", metadata: fields(context, .ok, since: start))
      case .failure(let error): log(RPCError.wrapping(error), context, since: start)
      }
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
