// What a status other than gRPC's own says about a call (`http-grpc-status-mapping.md`, and
// "Errors" in `PROTOCOL-HTTP2.md`).

extension StatusCode {
  /// The code for an answer with this HTTP status and no `grpc-status`.
  package init(httpStatus: Int) {
    self =
      switch httpStatus {
      case 400, 431: .internal
      case 401: .unauthenticated
      case 403: .permissionDenied
      case 404: .unimplemented
      case 429, 502, 503, 504: .unavailable
      default: .unknown
      }
  }

  /// The code for a stream that its peer reset with this HTTP/2 error code (RFC 9113, 7).
  package init(streamReset code: UInt32) {
    self =
      switch code {
      case 0x0, 0x1, 0x2, 0x3, 0x4, 0x6, 0x9, 0xa: .internal
      case 0x7: .unavailable  // REFUSED_STREAM: nothing was done, a retry is safe
      case 0x8: .cancelled  // CANCEL
      case 0xb: .resourceExhausted  // ENHANCE_YOUR_CALM
      case 0xc: .permissionDenied  // INADEQUATE_SECURITY
      default: .unknown
      }
  }
}

extension RPCError {
  /// How long before our deadline a server may give a call up because of it.
  ///
  /// The server's clock starts later than ours, but many count in whole milliseconds from a clock
  /// that they read once a turn (C-core does), so theirs may fire a few milliseconds before ours.
  package static let deadlineMargin = Duration.milliseconds(5)

  /// What the caller learns of an error that came from the server at `now`.
  ///
  /// When both sides' deadlines pass at once, the server's reset may be read before our own timer
  /// fires: a call cancelled at its deadline, which is not cancelled by us, has exceeded it.
  package func considering(
    deadline: ContinuousClock.Instant?, at now: @autoclosure () -> ContinuousClock.Instant = .now
  ) -> RPCError {
    guard code == .cancelled, let deadline, deadline - Self.deadlineMargin <= now() else {
      return self
    }
    return .deadlineExceeded
  }
}
