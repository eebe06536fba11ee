import TextCoding

/// Writes a message on one line for people, sensitive values redacted.
public struct MessageDescription: FieldVisitor {
  private(set) var text = ""
  /// What the fields inside the current braces are called.
  private var names: FieldNames
  /// Whether something stands before the next field inside the current braces.
  private var needsComma = false

  init(names: FieldNames = [:]) { self.names = names }

  mutating func write(_ text: String) {
    self.text += text
  }

  mutating func write(hex bytes: [UInt8]) {
    text += "0x" + Hex.encode(bytes)
  }

  mutating func write<M: Message>(message: M) {
    let outerNames = names
    text += "{"
    needsComma = false
    names = M.fieldNames
    message.visitFields(&self)
    if !message.unknownFields.isEmpty { writeSeparator(message.unknownFields.description) }
    text += "}"
    needsComma = true
    names = outerNames
  }

  private mutating func writeSeparator(_ next: String) {
    text += needsComma ? ", \(next)" : next
    needsComma = true
  }

  /// Writes the name, and the value unless it is sensitive.
  private mutating func write(
    _ number: Int, _ value: (inout MessageDescription) -> Void
  ) {
    let field = names[number]
    writeSeparator("\(field.name): ")
    if field.isSensitive { write("<redacted>") } else { value(&self) }
  }

  /// Writes a singular field.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, value: Coding.Value, as coding: Coding.Type
  ) {
    write(number) { Coding.describe(value, to: &$0) }
  }

  /// Writes a repeated field.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, values: [Coding.Value], as coding: Coding.Type
  ) {
    write(number) { output in
      for (index, value) in values.enumerated() {
        output.write(index == 0 ? "[" : ", ")
        Coding.describe(value, to: &output)
      }
      output.write("]")
    }
  }

  /// Writes a map, ordered by key.
  public mutating func visit<Key: FieldCoding, Value: FieldCoding>(
    _ number: Int, map: Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) {
    write(number) { output in
      for (index, entry) in map.sorted().enumerated() {
        output.write(index == 0 ? "[" : ", ")
        Key.describe(entry.key, to: &output)
        output.write(": ")
        Value.describe(entry.value, to: &output)
      }
      output.write("]")
    }
  }
}
