/// Sees the fields of a message that are set, in the order of the schema, or of their numbers where the
/// message is large.
///
/// What shows a message in another form than the wire's is a visitor. It looks names up in the
/// message's `fieldNames`.
public protocol FieldVisitor {
  /// Whether fields without presence that hold their default are seen, too.
  var seesDefaults: Bool { get }

  /// Sees a singular field.
  mutating func visit<Coding: FieldCoding>(
    _ number: Int, value: Coding.Value, as coding: Coding.Type)
  /// Sees a repeated field.
  mutating func visit<Coding: FieldCoding>(
    _ number: Int, values: [Coding.Value], as coding: Coding.Type)
  /// Sees a map.
  mutating func visit<Key: FieldCoding, Value: FieldCoding>(
    _ number: Int, map: Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type)
}

extension FieldVisitor {
  /// Only what is set is seen.
  public var seesDefaults: Bool { false }
}

// What generated code calls. As in `Writer`, the Swift type says whether a field has presence.
extension FieldVisitor {
  /// Shows a singular field, whatever it holds.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, present value: Coding.Value, as coding: Coding.Type
  ) {
    visit(number, value: value, as: Coding.self)
  }

  /// Shows a singular field unless it holds the default.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, _ value: Coding.Value, as coding: Coding.Type
  ) {
    if seesDefaults || !Coding.isDefault(value) { visit(number, value: value, as: Coding.self) }
  }

  /// Shows a singular field if it is set.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, _ value: Coding.Value?, as coding: Coding.Type
  ) {
    if let value { visit(number, value: value, as: Coding.self) }
  }

  /// Shows a repeated field unless it is empty.
  public mutating func visit<Coding: FieldCoding>(
    _ number: Int, _ values: [Coding.Value], as coding: Coding.Type
  ) {
    if seesDefaults || !values.isEmpty { visit(number, values: values, as: Coding.self) }
  }

  /// Shows a map unless it is empty.
  public mutating func visit<Key: FieldCoding, Value: FieldCoding>(
    _ number: Int, _ map: Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) {
    if seesDefaults || !map.isEmpty { visit(number, map: map, keys: Key.self, values: Value.self) }
  }

  /// Shows whichever member of a oneof is set.
  public mutating func visit(_ oneof: (some Oneof)?) {
    oneof?.visitFields(&self)
  }
}

// The same for the coding that a type has unless told otherwise.
extension FieldVisitor {
  /// Shows a singular field, whatever it holds.
  public mutating func visit<Value: FieldValue>(_ number: Int, present value: Value) {
    visit(number, value: value, as: Value.Coding.self)
  }

  /// Shows a singular field unless it holds the default.
  public mutating func visit<Value: FieldValue>(_ number: Int, _ value: Value) {
    visit(number, value, as: Value.Coding.self)
  }

  /// Shows a singular field if it is set.
  public mutating func visit<Value: FieldValue>(_ number: Int, _ value: Value?) {
    visit(number, value, as: Value.Coding.self)
  }

  /// Shows a repeated field unless it is empty.
  public mutating func visit<Value: FieldValue>(_ number: Int, _ values: [Value]) {
    visit(number, values, as: Value.Coding.self)
  }

  /// Shows a map unless it is empty.
  public mutating func visit<Key: FieldValue & MapKey, Value: FieldValue>(
    _ number: Int, _ map: Map<Key, Value>
  ) {
    visit(number, map, keys: Key.Coding.self, values: Value.Coding.self)
  }
}
