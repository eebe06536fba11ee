import Protobuf
import TextCoding

// How clients read Connect's errors and ends of streams. What they do not know they pass over.

extension RPCError {
  /// Reads an error; nil where the text is not one.
  ///
  /// - Parameter fallback: what it is where it does not say, or something that nobody knows.
  init?(connectJSON text: [UInt8], fallback: StatusCode) {
    guard let object = try? Struct(json: text) else { return nil }
    self.init(connectObject: object, fallback: fallback)
  }

  fileprivate init(connectObject object: Struct, fallback: StatusCode) {
    let code = object.fields["code"]?.stringValue.flatMap(StatusCode.init(connectName:))
    let details = object.fields["details"]?.listValue?.values ?? []
    self.init(
      code ?? fallback, object.fields["message"]?.stringValue ?? "",
      details: details.compactMap(\.structValue).compactMap(ProtoAny.init(connectObject:)))
  }
}

extension ConnectEnd {
  /// Reads the last message of a stream: its trailing metadata, or the error that it ended with.
  static func read(_ text: [UInt8]) throws(RPCError) -> Metadata {
    guard let end = try? Struct(json: text) else {
      throw RPCError(.internal, "the end of the stream cannot be read")
    }
    let metadata = Metadata(connectObject: end.fields["metadata"]?.structValue ?? Struct())
    // "null" counts as no error, although nobody may write it.
    guard let object = end.fields["error"]?.structValue else { return metadata }
    var error = RPCError(connectObject: object, fallback: .unknown)
    error.metadata = metadata
    throw error
  }
}

extension Metadata {
  fileprivate init(connectObject object: Struct) {
    self.init()
    for entry in object.fields {
      let name = entry.key.lowercased()
      for value in entry.value.listValue?.values ?? [] {
        guard let text = value.stringValue else { continue }
        append(wireName: name.utf8.span, value: text.utf8.span)
      }
    }
  }
}

extension ProtoAny {
  fileprivate init?(connectObject object: Struct) {
    guard let type = object.fields["type"]?.stringValue,
      let value = object.fields["value"]?.stringValue.flatMap({ Base64.decode($0.utf8.span) })
    else { return nil }
    self.init()
    typeURL = Self.typeURLPrefix + type
    self.value = value
  }
}
