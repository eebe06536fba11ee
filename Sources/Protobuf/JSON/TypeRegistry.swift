/// What JSON names and the schema of a message does not: the types that an `Any` may hold, by their full
/// names, and the extensions of messages.
public struct TypeRegistry: Sendable {
  private static let wellKnown = byName([
    BoolValue.self, BytesValue.self, DoubleValue.self, Empty.self, FieldMask.self, FloatValue.self,
    Int32Value.self, Int64Value.self, ListValue.self, ProtoAny.self, ProtoDuration.self,
    StringValue.self, Struct.self, Timestamp.self, UInt32Value.self, UInt64Value.self, Value.self,
  ])

  private let types: [UTF8Key: any Message.Type]
  /// By the full name of the message.
  private let extensions: [UTF8Key: [any MessageExtension]]

  /// The well-known types, and what is named here.
  public init(_ types: [any Message.Type] = [], extensions: [any MessageExtension] = []) {
    self.types = Self.byName(types)
    self.extensions = Dictionary(grouping: extensions) { UTF8Key($0.messageName) }
  }

  private static func byName(_ types: [any Message.Type]) -> [UTF8Key: any Message.Type] {
    Dictionary(types.map { (UTF8Key($0.messageName), $0) }) { first, _ in first }
  }

  /// The type with this full name; nil if it is not among those named.
  public subscript(name: String) -> (any Message.Type)? {
    types[UTF8Key(name)] ?? Self.wellKnown[UTF8Key(name)]
  }

  /// The extension that a member of an object names: `[full.name]`.
  func `extension`<M: Message>(named name: String, of type: M.Type) -> (any MessageExtension)? {
    guard !extensions.isEmpty, name.utf8.first == UInt8(ascii: "[") else { return nil }
    let candidates = extensions[UTF8Key(M.messageName)] ?? []
    return candidates.first { "[\($0.name)]".utf8.elementsEqual(name.utf8) }
  }

  /// The extensions of a message that are set.
  func extensions<M: Message>(
    of type: M.Type, in unknownFields: UnknownFields
  ) -> [any MessageExtension] {
    guard !extensions.isEmpty, !unknownFields.isEmpty else { return [] }
    return extensions[UTF8Key(M.messageName), default: []].filter { $0.isSet(in: unknownFields) }
  }
}
