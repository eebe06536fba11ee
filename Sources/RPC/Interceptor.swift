/// Runs around every call that a server answers: to authenticate, to limit, to count, to log.
public protocol ServerInterceptor: Sendable {
  /// Answers a call by passing it to `next`, or refuses it by throwing.
  ///
  /// Runs before the request is decoded, and where that is large, before it has been received: a
  /// call that is refused costs no more than its header fields. `Answer` is what the rest of the
  /// chain makes, opaque here.
  ///
  /// - Parameter next: the rest of the chain and the handler. Call it at most once.
  func intercept<Answer: Sendable>(
    _ context: ServerContext, _ next: (ServerContext) async throws -> Answer
  ) async throws -> Answer
}

/// Runs around every call that a channel makes: to authenticate, to retry, to count, to log.
public protocol ClientInterceptor: Sendable {
  /// Makes a call by passing it to `next`, changed if need be, or refuses it by throwing.
  ///
  /// Where messages are streamed, `next` returns as soon as the call has begun.
  func intercept<Answer: Sendable>(
    _ call: OutgoingCall, _ next: (OutgoingCall) async throws(RPCError) -> Answer
  ) async throws(RPCError) -> Answer
}
