/// The value of `grpc-status-details-bin`: a `google.rpc.Status`.
enum StatusDetails {
  /// The bytes for an error; nil where they would say no more than the code and the message do.
  static func encode(_ error: RPCError) -> [UInt8]? {
    nil
  }

  /// The details inside, none where the bytes are not a `google.rpc.Status`.
  static func decode(_ bytes: [UInt8]) -> [ErrorDetail] {
    []
  }
}
