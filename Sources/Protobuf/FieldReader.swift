/// Reads the value of the field that it has come to, whatever the format.
///
/// Generated code names each field once for reading, and so reads the wire format and JSON alike.
/// The field's Swift type says how it is encoded; only where several encodings share a type
/// (`sint32`, `fixed64`, …) is a coding named.
public protocol FieldReader: ~Escapable {
  /// Takes an object of this size off the memory that may be allocated; fails if too little is left.
  mutating func willAllocate(_ size: Int) throws(DecodingError)
  /// Reads a singular field.
  mutating func read<Coding: FieldCoding>(
    _ value: inout Coding.Value, as coding: Coding.Type
  ) throws(DecodingError)
  /// Reads a singular field that knows whether it is set.
  mutating func read<Coding: FieldCoding>(
    _ value: inout Coding.Value?, as coding: Coding.Type
  ) throws(DecodingError)
  /// Reads a singular message that is kept out of line.
  mutating func read<Coding: FieldCoding>(
    _ value: inout Boxed<Coding.Value>, as coding: Coding.Type
  ) throws(DecodingError)
  /// Reads a repeated field, or the next elements of one.
  mutating func read<Coding: FieldCoding>(
    _ values: inout [Coding.Value], as coding: Coding.Type
  ) throws(DecodingError)
  /// Reads a map, or the next entry of one.
  mutating func read<Key: FieldCoding, Value: FieldCoding>(
    _ map: inout Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) throws(DecodingError) where Key.Value: MapKey
  /// Reads a member of a oneof.
  ///
  /// `current` is what the oneof holds if it is this very member: a message is then merged into.
  mutating func read<Coding: FieldCoding, Choice: Oneof>(
    _ oneof: inout Choice?, _ current: consuming Coding.Value?, as coding: Coding.Type,
    _ choose: (Coding.Value) -> Choice
  ) throws(DecodingError)
}

// The same for the coding that a type has unless told otherwise.
extension FieldReader where Self: ~Escapable {
  /// Reads a singular field.
  @inlinable @inline(__always)
  public mutating func read<Value: FieldValue>(_ value: inout Value) throws(DecodingError) {
    try read(&value, as: Value.Coding.self)
  }

  /// Reads a singular field that knows whether it is set.
  @inlinable
  public mutating func read<Value: FieldValue>(_ value: inout Value?) throws(DecodingError) {
    try read(&value, as: Value.Coding.self)
  }

  /// Reads a singular message that is kept out of line.
  @inlinable
  public mutating func read<M: Message>(_ value: inout Boxed<M>) throws(DecodingError) {
    try read(&value, as: M.Coding.self)
  }

  /// Reads a repeated field, or the next elements of one.
  @inlinable
  public mutating func read<Value: FieldValue>(_ values: inout [Value]) throws(DecodingError) {
    try read(&values, as: Value.Coding.self)
  }

  /// Reads a map, or the next entry of one.
  @inlinable
  public mutating func read<Key: FieldValue & MapKey, Value: FieldValue>(
    _ map: inout Map<Key, Value>
  ) throws(DecodingError) {
    try read(&map, keys: Key.Coding.self, values: Value.Coding.self)
  }

  /// Reads a member of a oneof.
  @inlinable
  public mutating func read<Value: FieldValue, Choice: Oneof>(
    _ oneof: inout Choice?, _ current: consuming Value?, _ choose: (Value) -> Choice
  ) throws(DecodingError) {
    try read(&oneof, current, as: Value.Coding.self, choose)
  }
}
