import RPC

/// Keeps its loop busy for a while with each call, but not with those by which a server is watched.
struct Work: ServerInterceptor {
  let time: Duration

  func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    if !context.path.hasPrefix("/grpc.health.") {
      let end = ContinuousClock.now + time
      while ContinuousClock.now < end {}
    }
    return try next(context)
  }
}
