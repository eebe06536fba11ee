extension Channel {
  /// This channel with interceptors before it, the first one outermost.
  public func intercepted(by interceptors: [any ClientInterceptor]) -> any Channel {
    var channel: any Channel = self
    for interceptor in interceptors.reversed() {
      channel = InterceptedChannel(interceptor: interceptor, next: channel)
    }
    return channel
  }
}

/// A channel with one interceptor before it.
private struct InterceptedChannel: Channel {
  let interceptor: any ClientInterceptor
  let next: any Channel

  func unary(
    _ call: OutgoingCall, message: [UInt8]
  ) async throws(RPCError) -> Response<[UInt8]> {
    try await interceptor.intercept(call) { call throws(RPCError) in
      try await next.unary(call, message: message)
    }
  }

  func open(_ call: OutgoingCall) async throws(RPCError) -> any ClientExchange {
    try await interceptor.intercept(call) { call throws(RPCError) in try await next.open(call) }
  }
}
