import RPC

extension ServerInterceptor {
  /// Passes a call through the interceptor to this handler.
  func pass(
    _ context: ServerContext, to handler: @escaping @Sendable (ServerContext) async throws -> Void
  ) async throws {
    _ = try await intercept(context, NextStep(handler)).value
  }
}
