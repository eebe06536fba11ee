import Protobuf

extension ContentType {
  /// Reads a request in the form that this type says.
  ///
  /// What is wrong is told without anything of what was sent.
  func decode<Request: Message>(_ bytes: [UInt8]) throws(RPCError) -> Request {
    switch format {
    case .proto:
      do { return try Request(serialized: bytes) } catch {
        // In gRPC the library of the client has made the bytes, in Connect it may be a person.
        let code: StatusCode = wire.isConnect ? .invalidArgument : .internal
        throw RPCError(code, "a message cannot be decoded", cause: PeerFault(cause: error))
      }
    case .json:
      do { return try Request(json: bytes, options: Self.jsonOptions) } catch {
        throw RPCError(
          .invalidArgument, "a message is not the JSON form of \(Request.messageName): \(error)",
          cause: PeerFault(cause: error))
      }
    }
  }

  /// A response in the form that this type says, in its frame: encoded behind its prefix so that it
  /// moves only once.
  func frame(encoding message: some Message) throws(RPCError) -> [UInt8] {
    switch format {
    case .proto: return try Framing.frame(encoding: message)
    case .json:
      var frame = Framing.beginning()
      do { frame += try message.jsonBytes() } catch {
        throw RPCError(.internal, "a message has no JSON form", cause: error)
      }
      try Framing.seal(&frame, compressed: false)
      return frame
    }
  }

  /// As with the binary encoding, a client may know fields that this server does not.
  private static let jsonOptions = JSONDecodingOptions(ignoreUnknownFields: true)
}
