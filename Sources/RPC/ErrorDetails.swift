public import Protobuf

extension RPCError {
  /// The details of one type, in the order in which they were attached; damaged ones are left out.
  public func details<Detail: Message>(of type: Detail.Type) -> [Detail] {
    details.compactMap { (try? $0.unpack(as: type)) ?? nil }
  }

  /// This error with one detail more, as `ErrorInfo` or `BadRequest`.
  ///
  /// A message that cannot be encoded (it would have to be gigabytes long) is left out: the error
  /// itself matters more than what explains it.
  public func adding(_ detail: some Message) -> RPCError {
    guard let detail = try? ProtoAny(packing: detail) else { return self }
    var error = self
    error.details.append(detail)
    return error
  }
}

// The value of `grpc-status-details-bin`: a `google.rpc.Status`.
extension RPCError {
  /// The bytes for this error; nil where they would say no more than the code and the message do.
  var serializedDetails: [UInt8]? {
    if details.isEmpty { return nil }
    var status = GoogleRPCStatus()
    status.code = Int32(truncatingIfNeeded: code.rawValue)
    status.message = message
    status.details = details
    return try? status.serialized()
  }

  /// The details in these bytes; none where they are not a `google.rpc.Status`.
  static func details(serialized bytes: [UInt8]) -> [ProtoAny] {
    (try? GoogleRPCStatus(serialized: bytes))?.details ?? []
  }
}
