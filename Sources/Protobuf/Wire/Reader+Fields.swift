// What generated code calls: one `read` for each kind of field. The field's Swift type says how it
// is encoded; only where several encodings share a type (`sint32`, `fixed64`, …) does the call name
// one. A field whose wire type does not fit is left unread, which makes it an unknown field.
extension Reader {
  /// Whether the announced field can be a value in this coding.
  @inlinable
  func holds<Coding: FieldCoding>(_ coding: Coding.Type) -> Bool {
    wireType == Coding.wireType.rawValue
  }

  /// Reads a singular field.
  @inlinable
  public mutating func read<Coding: FieldCoding>(
    _ value: inout Coding.Value, as coding: Coding.Type
  ) throws(DecodingError) {
    guard holds(Coding.self) else { return }
    try Coding.merge(into: &value, from: &self)
  }

  /// Reads a singular field that knows whether it is set.
  @inlinable
  public mutating func read<Coding: FieldCoding>(
    _ value: inout Coding.Value?, as coding: Coding.Type
  ) throws(DecodingError) {
    guard holds(Coding.self) else { return }
    // Taken out so that it is merged into in place, not into a copy.
    var merged = value.take() ?? Coding.zero
    try Coding.merge(into: &merged, from: &self)
    value = merged
  }

  /// Reads one element of a repeated field, or several that are packed.
  @inlinable
  public mutating func read<Coding: FieldCoding>(
    _ values: inout [Coding.Value], as coding: Coding.Type
  ) throws(DecodingError) {
    if holds(Coding.self) {
      values.append(try Coding.read(from: &self))
    } else if Coding.isPackable, wireType == WireType.lengthDelimited.rawValue {
      try readDelimited { (reader: inout Reader) throws(DecodingError) in
        values.append(try Coding.read(from: &reader))
      }
    }
  }

  /// Reads one entry of a map.
  ///
  /// "If a key or value is missing, it is the default", and of two entries with one key the last
  /// counts.
  @inlinable
  public mutating func read<Key: FieldCoding, Value: FieldCoding>(
    _ map: inout Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) throws(DecodingError) where Key.Value: MapKey {
    guard wireType == WireType.lengthDelimited.rawValue else { return }
    var entry = MapEntry<Key, Value>()
    try mergeMapEntry(into: &entry)
    map[entry.key] = entry.value
  }

  /// Reads a member of a oneof.
  ///
  /// `current` is what the oneof holds if it is this very member: a message is then merged into.
  @inlinable
  public mutating func read<Coding: FieldCoding, Choice: Oneof>(
    _ oneof: inout Choice?, _ current: consuming Coding.Value?, as coding: Coding.Type,
    _ choose: (Coding.Value) -> Choice
  ) throws(DecodingError) {
    guard holds(Coding.self) else { return }
    // Given up first, so that `current` is the only reference and is merged into in place.
    oneof = nil
    var merged = current ?? Coding.zero
    try Coding.merge(into: &merged, from: &self)
    oneof = choose(merged)
  }

  /// Reads a singular message that is kept out of line.
  @inlinable
  public mutating func read<M: Message>(_ value: inout Boxed<M>) throws(DecodingError) {
    guard holds(Wire.Submessage<M>.self) else { return }
    var merged = value.take() ?? M()
    try mergeMessage(into: &merged)
    value.wrappedValue = merged
  }
}

// The same for the coding that a type has unless told otherwise.
extension Reader {
  /// Reads a singular field.
  @inlinable
  public mutating func read<Value: FieldValue>(_ value: inout Value) throws(DecodingError) {
    try read(&value, as: Value.Coding.self)
  }

  /// Reads a singular field that knows whether it is set.
  @inlinable
  public mutating func read<Value: FieldValue>(_ value: inout Value?) throws(DecodingError) {
    try read(&value, as: Value.Coding.self)
  }

  /// Reads one element of a repeated field, or several that are packed.
  @inlinable
  public mutating func read<Value: FieldValue>(_ values: inout [Value]) throws(DecodingError) {
    try read(&values, as: Value.Coding.self)
  }

  /// Reads one entry of a map.
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

/// One entry of a map while it is read: on the wire, a message with the fields 1 and 2.
@usableFromInline
struct MapEntry<Key: FieldCoding, Value: FieldCoding> {
  @usableFromInline var key = Key.zero
  @usableFromInline var value = Value.zero

  @inlinable init() {}
}

extension Reader {
  @inlinable
  mutating func mergeMapEntry<Key: FieldCoding, Value: FieldCoding>(
    into entry: inout MapEntry<Key, Value>
  ) throws(DecodingError) {
    let length = try readLength()
    let outerEnd = end
    end = position &+ length
    try descend()
    while let number = try nextField() {
      switch number {
      case 1: try read(&entry.key, as: Key.self)
      case 2: try read(&entry.value, as: Value.self)
      default: break
      }
      // "Unknown fields in a map entry are discarded": an entry has nowhere to keep them.
      if isFieldUnread { try skipField() }
    }
    remainingDepth &+= 1
    end = outerEnd
  }
}
