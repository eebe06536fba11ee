/// Writes messages as JSON.
public struct JSONWriter: FieldVisitor {
  let options: JSONEncodingOptions
  private(set) var bytes: [UInt8] = []
  /// What the fields of the current object are called.
  private var names: FieldNames = [:]
  /// Whether a comma must stand before the next member of the current object or list.
  private var needsComma = false
  /// How many more messages may be opened, the outermost not counted: an `Any` can hold any number.
  private var remainingDepth = DecodingLimits.default.maximumDepth + 1
  private var failure: EncodingError?

  init(options: JSONEncodingOptions) { self.options = options }

  /// Whether fields without presence that hold their default are written.
  public var seesDefaults: Bool { options.includesDefaults }

  /// What was written, unless something had no JSON form.
  func finish() throws(EncodingError) -> [UInt8] {
    if let failure { throw failure }
    return bytes
  }

  mutating func fail(_ error: EncodingError) {
    if failure == nil { failure = error }
  }

  // MARK: Text

  mutating func write(raw text: String) {
    bytes.append(contentsOf: text.utf8)
  }

  mutating func write(byte: Unicode.Scalar) {
    bytes.append(UInt8(ascii: byte))
  }

  /// Writes a string in quotes, with only those characters escaped that must be.
  mutating func write(string: String) {
    write(byte: "\"")
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): write(raw: "\\\"")
      case UInt8(ascii: "\\"): write(raw: "\\\\")
      case 0x08: write(raw: "\\b")
      case 0x09: write(raw: "\\t")
      case 0x0a: write(raw: "\\n")
      case 0x0c: write(raw: "\\f")
      case 0x0d: write(raw: "\\r")
      case 0..<0x20: write(raw: "\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))")
      default: bytes.append(byte)
      }
    }
    write(byte: "\"")
  }

  mutating func write(quoted text: String) {
    write(raw: "\"\(text)\"")
  }

  // MARK: Objects and lists

  /// Writes the fields of a message as the members of an object.
  mutating func writeObject<M: Message>(_ message: M) {
    write(byte: "{")
    writeMembers(message, isFirst: true)
    write(byte: "}")
  }

  /// Writes the fields of a message, behind other members unless they are the first.
  mutating func writeMembers<M: Message>(_ message: M, isFirst: Bool) {
    let outerNames = names
    names = M.fieldNames
    needsComma = !isFirst
    descend { writer in
      message.visitFields(&writer)
      for added in writer.options.types.extensions(of: M.self, in: message.unknownFields) {
        writer.write(member: "[\(added.name)]")
        added.write(from: message.unknownFields, to: &writer)
      }
    }
    needsComma = true
    names = outerNames
  }

  /// Writes what stands one level further in.
  mutating func descend(_ body: (inout JSONWriter) -> Void) {
    guard remainingDepth > 0 else { return fail(.noJSONForm("messages nested too deeply")) }
    remainingDepth -= 1
    body(&self)
    remainingDepth += 1
  }

  /// Writes the name of a member.
  mutating func write(member name: String) {
    if needsComma { write(byte: ",") }
    needsComma = true
    write(string: name)
    write(byte: ":")
  }

  private mutating func write(field number: Int) {
    let name = names[number]
    write(member: options.preservesFieldNames ? name.name : name.jsonName)
  }

  /// Writes a list or an object with something for each element.
  mutating func writeSequence<Elements: Sequence>(
    _ elements: Elements, in brackets: (Unicode.Scalar, Unicode.Scalar),
    _ body: (Elements.Element, inout JSONWriter) -> Void
  ) {
    write(byte: brackets.0)
    var isFirst = true
    for element in elements {
      if !isFirst { write(byte: ",") }
      isFirst = false
      body(element, &self)
    }
    write(byte: brackets.1)
  }

  /// Writes a list or an object that is a message of its own.
  mutating func writeNested<Elements: Sequence>(
    _ elements: Elements, in brackets: (Unicode.Scalar, Unicode.Scalar),
    _ body: (Elements.Element, inout JSONWriter) -> Void
  ) {
    descend { $0.writeSequence(elements, in: brackets, body) }
  }

  /// Writes the key of a map's entry: whatever the type, a string.
  private mutating func write<Key: FieldCoding>(key: Key.Value, as coding: Key.Type) {
    let start = bytes.count
    Key.write(key, to: &self)
    guard bytes[start] != UInt8(ascii: "\"") else { return }
    bytes.insert(UInt8(ascii: "\""), at: start)
    write(byte: "\"")
  }
}

// MARK: Fields

extension JSONWriter {
  /// Writes a singular field.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, value: Coding.Value, as coding: Coding.Type
  ) {
    write(field: number)
    Coding.write(value, to: &self)
  }

  /// Writes a repeated field as a list.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, values: [Coding.Value], as coding: Coding.Type
  ) {
    write(field: number)
    writeSequence(values, in: ("[", "]")) { Coding.write($0, to: &$1) }
  }

  /// Writes a map as an object, ordered by key.
  public mutating func visit<Key: FieldCoding, Value: FieldCoding>(
    _ number: Int, map: Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) {
    write(field: number)
    writeSequence(map, in: ("{", "}")) { entry, writer in
      writer.write(key: entry.key, as: Key.self)
      writer.write(byte: ":")
      Value.write(entry.value, to: &writer)
    }
  }
}

extension Message {
  /// Writes the fields as the members of an object.
  public func encode(into writer: inout JSONWriter) {
    writer.writeObject(self)
  }
}
