// What generated code calls: one `write` for each field, from the last to the first. The field's
// Swift type says whether it has presence: an optional is written if it is there, a plain value if
// it is not the default.
extension Writer {
  /// Writes a value with its tag, whatever it is.
  @inlinable @inline(__always)
  public mutating func write<Coding: FieldCoding>(
    _ number: Int, present value: Coding.Value, as coding: Coding.Type
  ) {
    if Coding.wireType == .startGroup { writeTag(number, .endGroup) }
    let following = count
    Coding.write(value, to: &self)
    if Coding.wireType == .lengthDelimited {
      writeHeader(number, since: following)
    } else {
      writeTag(number, Coding.wireType)
    }
  }

  /// Writes a singular field unless it holds the default.
  @inlinable @inline(__always)
  public mutating func write<Coding: FieldCoding>(
    _ number: Int, _ value: Coding.Value, as coding: Coding.Type
  ) {
    if !Coding.isDefault(value) { write(number, present: value, as: Coding.self) }
  }

  /// Writes a singular field if it is set.
  @inlinable @inline(__always)
  public mutating func write<Coding: FieldCoding>(
    _ number: Int, _ value: Coding.Value?, as coding: Coding.Type
  ) {
    if let value { write(number, present: value, as: Coding.self) }
  }

  /// Writes a singular message that is kept out of line.
  @inlinable @inline(__always)
  public mutating func write<Coding: FieldCoding>(
    _ number: Int, _ value: Boxed<Coding.Value>, as coding: Coding.Type
  ) {
    if let box = value.box { write(number, present: box.value, as: Coding.self) }
  }

  /// Writes a repeated field, packed where its coding allows that.
  @inlinable @inline(__always)
  public mutating func write<Coding: FieldCoding>(
    _ number: Int, _ values: [Coding.Value], as coding: Coding.Type
  ) {
    guard Coding.isPackable else { return write(number, unpacked: values, as: Coding.self) }
    guard !values.isEmpty else { return }
    let following = count
    forEachFromLast(values) { element, writer in Coding.write(element, to: &writer) }
    writeHeader(number, since: following)
  }

  /// Writes a repeated field with a tag in front of each element.
  @inlinable @inline(__always)
  public mutating func write<Coding: FieldCoding>(
    _ number: Int, unpacked values: [Coding.Value], as coding: Coding.Type
  ) {
    forEachFromLast(values) { element, writer in
      writer.write(number, present: element, as: Coding.self)
    }
  }

  /// Writes a map, ordered by key, so that equal maps have one encoding.
  @inlinable @inline(__always)
  public mutating func write<Key: FieldCoding, Value: FieldCoding>(
    _ number: Int, _ map: Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) where Key.Value: MapKey {
    guard !map.isEmpty else { return }
    for (key, value) in map.sorted().reversed() {
      let following = count
      write(2, present: value, as: Value.self)
      write(1, present: key, as: Key.self)
      writeHeader(number, since: following)
    }
  }

  /// Writes whichever member of a oneof is set.
  @inlinable @inline(__always)
  public mutating func write(_ oneof: (some Oneof)?) {
    if let oneof { oneof.encode(into: &self) }
  }

  /// Writes fields that were unknown when they were read, byte for byte.
  @inlinable @inline(__always)
  public mutating func write(_ unknownFields: UnknownFields) {
    if !unknownFields.isEmpty { writeRaw(unknownFields.bytes.span) }
  }
}

// The same for the coding that a type has unless told otherwise.
extension Writer {
  /// Writes a value with its tag, whatever it is.
  @inlinable @inline(__always)
  public mutating func write<Value: FieldValue>(_ number: Int, present value: Value) {
    write(number, present: value, as: Value.Coding.self)
  }

  /// Writes a singular field unless it holds the default.
  @inlinable @inline(__always)
  public mutating func write<Value: FieldValue>(_ number: Int, _ value: Value) {
    write(number, value, as: Value.Coding.self)
  }

  /// Writes a singular field if it is set.
  @inlinable @inline(__always)
  public mutating func write<Value: FieldValue>(_ number: Int, _ value: Value?) {
    write(number, value, as: Value.Coding.self)
  }

  /// Writes a singular message that is kept out of line.
  @inlinable @inline(__always)
  public mutating func write<M: Message>(_ number: Int, _ value: Boxed<M>) {
    write(number, value, as: M.Coding.self)
  }

  /// Writes a repeated field, packed where its coding allows that.
  @inlinable @inline(__always)
  public mutating func write<Value: FieldValue>(_ number: Int, _ values: [Value]) {
    write(number, values, as: Value.Coding.self)
  }

  /// Writes a repeated field with a tag in front of each element.
  @inlinable @inline(__always)
  public mutating func write<Value: FieldValue>(_ number: Int, unpacked values: [Value]) {
    write(number, unpacked: values, as: Value.Coding.self)
  }

  /// Writes a map, ordered by key.
  @inlinable @inline(__always)
  public mutating func write<Key: FieldValue & MapKey, Value: FieldValue>(
    _ number: Int, _ map: Map<Key, Value>
  ) {
    write(number, map, keys: Key.Coding.self, values: Value.Coding.self)
  }
}
