public import Protobuf

/// One message attached to an error, under its type's name (a `google.protobuf.Any`).
public struct ErrorDetail: Sendable, Hashable {
  /// Names the type of `value`; what follows the last slash is the message's full name.
  public var typeURL: String
  /// The serialized message.
  public var value: [UInt8]

  /// A detail that is serialized already.
  public init(typeURL: String, value: [UInt8]) {
    self.typeURL = typeURL
    self.value = value
  }

  /// A detail that holds `message`.
  public init(_ message: some Message) throws(EncodingError) {
    self.init(
      typeURL: "type.googleapis.com/" + type(of: message).messageName,
      value: try message.serialized())
  }

  /// The message inside, if it is of this type and well-formed.
  public func message<M: Message>(as type: M.Type) -> M? {
    guard
      typeURL.utf8.reversed().prefix(while: { $0 != UInt8(ascii: "/") })
        .elementsEqual(M.messageName.utf8.reversed())
    else { return nil }
    return try? M(serialized: value)
  }
}

extension RPCError {
  /// The details of one type, in the order in which they were attached.
  public func details<M: Message>(of type: M.Type) -> [M] {
    details.compactMap { $0.message(as: type) }
  }

  /// This error with one detail more.
  ///
  /// A message that cannot be encoded (it would have to be gigabytes long) is left out: the error
  /// itself matters more than what explains it.
  public func adding(_ detail: some Message) -> RPCError {
    guard let detail = try? ErrorDetail(detail) else { return self }
    var error = self
    error.details.append(detail)
    return error
  }
}
