// "null is an accepted value for all field types and treated as the default value": the field stays
// as it is in a message in which nothing is set yet.
extension JSONReader: FieldReader {
  /// Whether the field is left alone because it is `null`.
  private mutating func skipsNull<Coding: FieldCoding>(
    _ coding: Coding.Type
  ) throws(DecodingError) -> Bool {
    Coding.isNullValue ? false : try takeNull()
  }

  /// Reads a singular field.
  public mutating func read<Coding: FieldCoding>(
    _ value: inout Coding.Value, as coding: Coding.Type
  ) throws(DecodingError) {
    if try skipsNull(Coding.self) { return }
    if let read = try Coding.read(from: &self) { value = read }
  }

  /// Reads a singular field that knows whether it is set.
  public mutating func read<Coding: FieldCoding>(
    _ value: inout Coding.Value?, as coding: Coding.Type
  ) throws(DecodingError) {
    if try skipsNull(Coding.self) { return }
    if let read = try Coding.read(from: &self) { value = read }
  }

  /// Reads a singular message that is kept out of line.
  public mutating func read<Coding: FieldCoding>(
    _ value: inout Boxed<Coding.Value>, as coding: Coding.Type
  ) throws(DecodingError) {
    if try skipsNull(Coding.self) { return }
    try willAllocate(MemoryLayout<Coding.Value>.size)
    value.wrappedValue = try Coding.read(from: &self)
  }

  /// Reads a repeated field from a list.
  public mutating func read<Coding: FieldCoding>(
    _ values: inout [Coding.Value], as coding: Coding.Type
  ) throws(DecodingError) {
    if try takeNull() { return }
    try readElements { (reader: inout JSONReader) throws(DecodingError) in
      guard let value = try Coding.read(from: &reader) else { return }
      guard reader.memory.makeRoom(for: 1, in: &values) else {
        throw reader.error(.tooMuchMemory)
      }
      values.append(value)
    }
  }

  /// Reads a map from an object.
  public mutating func read<Key: FieldCoding, Value: FieldCoding>(
    _ map: inout Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) throws(DecodingError) where Key.Value: MapKey {
    if try takeNull() { return }
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try readKey(Key.self)
      guard take(":") else { throw error(.malformedJSON) }
      guard let value = try Value.read(from: &self) else { continue }
      guard map[key] == nil else { throw error(.duplicateField) }
      guard memory.makeRoom(in: map.entries) else { throw error(.tooMuchMemory) }
      map[key] = value
    } while take(",")
    guard take("}") else { throw error(.malformedJSON) }
  }

  private mutating func readKey<Key: FieldCoding>(
    _ coding: Key.Type
  ) throws(DecodingError) -> Key.Value {
    guard peek() == UInt8(ascii: "\"") else { throw error(.malformedJSON) }
    isReadingKey = true
    defer { isReadingKey = false }
    return try Key.read(from: &self) ?? Key.zero
  }

  /// Reads a member of a oneof, of which no other may be there.
  public mutating func read<Coding: FieldCoding, Choice: Oneof>(
    _ oneof: inout Choice?, _ current: consuming Coding.Value?, as coding: Coding.Type,
    _ choose: (Coding.Value) -> Choice
  ) throws(DecodingError) {
    if try skipsNull(Coding.self) { return }
    guard oneof == nil else { throw error(.duplicateField) }
    guard let value = try Coding.read(from: &self) else { return }
    if !Coding.isPackable { try willAllocate(MemoryLayout<Coding.Value>.size) }
    oneof = choose(value)
  }

  /// Reads the fields of a message from an object, of which one member may be none.
  mutating func readObject<M: Message>(
    into message: inout M, except exception: String? = nil
  ) throws(DecodingError) {
    try descend()
    // What `seen` takes for as long as the object is read.
    try willAllocate(Self.sizeOfSeen)
    var seen: Set<Int> = []
    try readMembers { (name, reader: inout JSONReader) throws(DecodingError) in
      let field = M.fieldNames.number(of: name)
      let added = field == nil ? reader.options.types.extension(named: name, of: M.self) : nil
      guard let number = field ?? added?.number else {
        guard name == exception || reader.options.ignoreUnknownFields else {
          throw reader.error(.unknownField)
        }
        return try reader.skipValue()
      }
      guard seen.insert(number).inserted else { throw reader.error(.duplicateField) }
      if let added { return try reader.read(added, into: &message.unknownFields) }
      try message.decodeField(number, from: &reader)
    }
    memory.refund(Self.sizeOfSeen, overhead: MemoryBudget.objectOverhead)
    remainingDepth += 1
  }

  private static var sizeOfSeen: Int { 256 }

  /// Reads the value of an extension, which is kept as the wire has it.
  private mutating func read(
    _ added: any MessageExtension, into unknownFields: inout UnknownFields
  ) throws(DecodingError) {
    if try takeNull() { return }
    guard let field = try added.read(from: &self) else { return }
    guard unknownFields.append(field.span, within: &memory) else { throw error(.tooMuchMemory) }
  }
}

extension Message {
  /// Reads the fields from an object.
  public mutating func merge(from reader: inout JSONReader) throws(DecodingError) {
    try reader.readObject(into: &self)
  }
}
