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
