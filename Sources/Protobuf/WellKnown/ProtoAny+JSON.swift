// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// Each member is documented where `Message` requires it.

extension ProtoAny {
  /// What holds the URL of the type.
  private static let typeMember = "@type"
  /// What holds a packed message whose JSON form is not an object of its fields.
  private static let valueMember = "value"

  public static var hasOwnJSONForm: Bool { true }

  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    // An empty one is a level, too.
    guard reader.remainingDepth > 0 else { throw reader.error(.tooDeep) }
    guard let url = try Self.findType(&reader) else { return }
    typeURL = url
    guard let type = reader.options.types[packedName] else { throw reader.error(.unknownType) }
    value = try Self.packed(type, from: &reader)
  }

  /// Looks ahead for the type, which need not be the first member; nil for an empty object.
  private static func findType(_ reader: inout JSONReader) throws(DecodingError) -> String? {
    let start = reader.position
    var url: String?
    var isEmpty = true
    try reader.readMembers { (name, reader: inout JSONReader) throws(DecodingError) in
      isEmpty = false
      guard name == typeMember else { return try reader.skipValue() }
      guard url == nil else { throw reader.error(.duplicateField) }
      url = try reader.readString()
    }
    guard !isEmpty else { return nil }
    guard let url, !url.isEmpty else { throw reader.error(.unfitJSON) }
    reader.position = start
    return url
  }

  private static func packed<M: Message>(
    _ type: M.Type, from reader: inout JSONReader
  ) throws(DecodingError) -> [UInt8] {
    var message = M()
    if M.hasOwnJSONForm {
      try reader.descend()
      try reader.readMembers { (name, reader: inout JSONReader) throws(DecodingError) in
        switch name {
        case valueMember: try message.merge(from: &reader)
        case typeMember: try reader.skipValue()
        default:
          guard reader.options.ignoreUnknownFields else { throw reader.error(.unknownField) }
          try reader.skipValue()
        }
      }
      reader.remainingDepth += 1
    } else {
      try reader.readObject(into: &message, except: typeMember)
    }
    do {
      let bytes = try message.serialized()
      try reader.charge(bytes.count)
      return bytes
    } catch let error as DecodingError { throw error } catch {
      throw reader.error(.missingRequiredField)
    }
  }

  public func encode(into writer: inout JSONWriter) {
    if typeURL.isEmpty, value.isEmpty { return writer.write(raw: "{}") }
    guard let type = writer.options.types[packedName] else {
      return writer.fail(.noJSONForm("an Any of the type \(packedName)"))
    }
    write(type, to: &writer)
  }

  private func write<M: Message>(_ type: M.Type, to writer: inout JSONWriter) {
    guard let message = try? M(serialized: value) else {
      return writer.fail(.noJSONForm("an Any that does not hold a \(packedName)"))
    }
    writer.write(raw: "{\"\(Self.typeMember)\":")
    writer.write(string: typeURL)
    if M.hasOwnJSONForm {
      writer.write(raw: ",\"\(Self.valueMember)\":")
      writer.descend { message.encode(into: &$0) }
    } else {
      writer.writeMembers(message, isFirst: false)
    }
    writer.write(byte: "}")
  }
}

extension FieldMask {
  public static var hasOwnJSONForm: Bool { true }

  /// Paths in lower camel case with commas between them.
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    let text = try reader.readString()
    var rest = text.utf8[...]
    if rest.isEmpty { return }
    while true {
      let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
      guard let path = Self.snakeCase(rest[..<end]) else { throw reader.error(.unfitJSON) }
      guard reader.memory.makeRoom(for: 1, in: &paths) else { throw reader.error(.tooMuchMemory) }
      if path.utf8.count > 15 { try reader.charge(path.utf8.count) }
      paths.append(path)
      if end == rest.endIndex { return }
      rest = rest[rest.index(after: end)...]
    }
  }

  public func encode(into writer: inout JSONWriter) {
    var texts: [String] = []
    for path in paths {
      let text = FieldName.jsonName(path)
      // "If the path does not survive the round trip, it is an error."
      guard let back = Self.snakeCase(text.utf8[...]), back.utf8.elementsEqual(path.utf8) else {
        return writer.fail(.noJSONForm("a FieldMask with the path \(path)"))
      }
      texts.append(text)
    }
    writer.write(string: texts.joined(separator: ","))
  }

  /// `screenName`: `screen_name`; nil if it cannot come from a name in the schema.
  private static func snakeCase(_ path: Substring.UTF8View) -> String? {
    var text: [UInt8] = []
    for byte in path {
      switch byte {
      case UInt8(ascii: "_"): return nil
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        text.append(UInt8(ascii: "_"))
        text.append(byte + 0x20)
      default: text.append(byte)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
