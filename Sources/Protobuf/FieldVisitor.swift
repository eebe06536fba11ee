/// Sees the fields of a message that are set, in the order of the schema.
///
/// What shows a message in another form than the wire's is a visitor: it gets the names.
public protocol FieldVisitor {
  /// Sees a singular field.
  mutating func visit<Coding: FieldCoding>(
    _ field: FieldName, value: Coding.Value, as coding: Coding.Type)
  /// Sees a repeated field that is not empty.
  mutating func visit<Coding: FieldCoding>(
    _ field: FieldName, values: [Coding.Value], as coding: Coding.Type)
  /// Sees a map that is not empty.
  mutating func visit<Key: FieldCoding, Value: FieldCoding>(
    _ field: FieldName, map: Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type)
}

/// What a field is called, and how its value is to be handled.
public struct FieldName: Sendable, ExpressibleByStringLiteral {
  /// The name in the schema.
  public let name: String
  /// Whether the value must not be shown.
  public let isSensitive: Bool

  /// A field whose value may be shown.
  public init(stringLiteral name: String) {
    self.name = name
    self.isSensitive = false
  }

  /// A field whose value must not be shown.
  public static func sensitive(_ name: String) -> FieldName {
    FieldName(name: name, isSensitive: true)
  }

  private init(name: String, isSensitive: Bool) {
    self.name = name
    self.isSensitive = isSensitive
  }
}

// What generated code calls. As in `Writer`, the Swift type says whether a field has presence.
extension FieldVisitor {
  /// Shows a singular field, whatever it holds.
  public mutating func visit<Coding: FieldCoding>(
    _ field: FieldName, present value: Coding.Value, as coding: Coding.Type
  ) {
    visit(field, value: value, as: Coding.self)
  }

  /// Shows a singular field unless it holds the default.
  public mutating func visit<Coding: FieldCoding>(
    _ field: FieldName, _ value: Coding.Value, as coding: Coding.Type
  ) {
    if !Coding.isDefault(value) { visit(field, value: value, as: Coding.self) }
  }

  /// Shows a singular field if it is set.
  public mutating func visit<Coding: FieldCoding>(
    _ field: FieldName, _ value: Coding.Value?, as coding: Coding.Type
  ) {
    if let value { visit(field, value: value, as: Coding.self) }
  }

  /// Shows a repeated field unless it is empty.
  public mutating func visit<Coding: FieldCoding>(
    _ field: FieldName, _ values: [Coding.Value], as coding: Coding.Type
  ) {
    if !values.isEmpty { visit(field, values: values, as: Coding.self) }
  }

  /// Shows a map unless it is empty.
  public mutating func visit<Key: FieldCoding, Value: FieldCoding>(
    _ field: FieldName, _ map: Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) {
    if !map.isEmpty { visit(field, map: map, keys: Key.self, values: Value.self) }
  }

  /// Shows whichever member of a oneof is set.
  public mutating func visit(_ oneof: (some Oneof)?) {
    oneof?.visitFields(&self)
  }
}

// The same for the coding that a type has unless told otherwise.
extension FieldVisitor {
  /// Shows a singular field, whatever it holds.
  public mutating func visit<Value: FieldValue>(_ field: FieldName, present value: Value) {
    visit(field, value: value, as: Value.Coding.self)
  }

  /// Shows a singular field unless it holds the default.
  public mutating func visit<Value: FieldValue>(_ field: FieldName, _ value: Value) {
    visit(field, value, as: Value.Coding.self)
  }

  /// Shows a singular field if it is set.
  public mutating func visit<Value: FieldValue>(_ field: FieldName, _ value: Value?) {
    visit(field, value, as: Value.Coding.self)
  }

  /// Shows a repeated field unless it is empty.
  public mutating func visit<Value: FieldValue>(_ field: FieldName, _ values: [Value]) {
    visit(field, values, as: Value.Coding.self)
  }

  /// Shows a map unless it is empty.
  public mutating func visit<Key: FieldValue & MapKey, Value: FieldValue>(
    _ field: FieldName, _ map: Map<Key, Value>
  ) {
    visit(field, map, keys: Key.Coding.self, values: Value.Coding.self)
  }
}
