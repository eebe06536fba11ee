// A field whose wire type does not fit is left unread, which makes it an unknown field.
//
// All but the simplest of these are kept out of line: inlined, the temporary values of all fields of a
// message would share one frame, and a hundred levels of messages a megabyte of stack.
extension Reader: FieldReader {
  /// Whether the announced field can be a value in this coding.
  @inlinable @inline(__always)
  func holds<Coding: FieldCoding>(_ coding: Coding.Type) -> Bool {
    wireType == Coding.wireType.rawValue
  }

  /// Reads a value of a closed enum; nil, and the field is unread again, if it has no name.
  @inlinable
  mutating func readKnown<Coding: FieldCoding>(
    _ coding: Coding.Type
  ) throws(DecodingError) -> Coding.Value? {
    let value = try Coding.read(from: &self)
    if Coding.isKnown(value) { return value }
    position = valueStart
    return nil
  }

  /// Reads a singular field.
  @inlinable @inline(__always)
  public mutating func read<Coding: FieldCoding>(
    _ value: inout Coding.Value, as coding: Coding.Type
  ) throws(DecodingError) {
    guard holds(Coding.self) else { return }
    try Coding.merge(into: &value, from: &self)
  }

  /// Reads a singular field that knows whether it is set.
  @inlinable @inline(never)
  public mutating func read<Coding: FieldCoding>(
    _ value: inout Coding.Value?, as coding: Coding.Type
  ) throws(DecodingError) {
    guard holds(Coding.self) else { return }
    guard !Coding.isClosed else {
      if let known = try readKnown(Coding.self) { value = known }
      return
    }
    // Taken out so that it is merged into in place, not into a copy.
    var merged = value.take() ?? Coding.zero
    try Coding.merge(into: &merged, from: &self)
    value = merged
  }

  /// Reads a singular message that is kept out of line.
  @inlinable @inline(never)
  public mutating func read<Coding: FieldCoding>(
    _ value: inout Boxed<Coding.Value>, as coding: Coding.Type
  ) throws(DecodingError) {
    guard holds(Coding.self) else { return }
    if value.box == nil { try willAllocate(MemoryLayout<Coding.Value>.size) }
    // Taken out so that it is merged into in place, not into a copy.
    var box = value.box.take() ?? Shared(Coding.zero)
    try Coding.merge(into: &box.value, from: &self)
    value.box = box
  }

  /// Reads one element of a repeated field, or several that are packed.
  @inlinable @inline(never)
  public mutating func read<Coding: FieldCoding>(
    _ values: inout [Coding.Value], as coding: Coding.Type
  ) throws(DecodingError) {
    if holds(Coding.self) {
      try readElement(&values, as: Coding.self)
    } else if Coding.isPackable, wireType == WireType.lengthDelimited.rawValue {
      try readPacked(&values, as: Coding.self)
    }
  }

  /// Reads one entry of a map.
  ///
  /// "If a key or value is missing, it is the default", and of two entries with one key the last
  /// counts.
  @inlinable @inline(never)
  public mutating func read<Key: FieldCoding, Value: FieldCoding>(
    _ map: inout Map<Key.Value, Value.Value>, keys: Key.Type, values: Value.Type
  ) throws(DecodingError) where Key.Value: MapKey {
    guard wireType == WireType.lengthDelimited.rawValue else { return }
    let announced = (tag, tagStart, valueStart)
    var entry = MapEntry<Key, Value>()
    try mergeMapEntry(into: &entry)
    guard entry.isKnown else {
      // A closed enum does not name the value: the whole entry is an unknown field.
      (tag, tagStart, valueStart) = announced
      position = valueStart
      return
    }
    guard memory.makeRoom(in: map.entries) else { throw error(.tooMuchMemory) }
    map[entry.key] = entry.value
  }

  /// Reads a member of a oneof.
  @inlinable @inline(never)
  public mutating func read<Coding: FieldCoding, Choice: Oneof>(
    _ oneof: inout Choice?, _ current: consuming Coding.Value?, as coding: Coding.Type,
    _ choose: (Coding.Value) -> Choice
  ) throws(DecodingError) {
    guard holds(Coding.self) else { return }
    guard !Coding.isClosed else {
      if let known = try readKnown(Coding.self) { oneof = choose(known) }
      return
    }
    // Messages that can contain their own kind are kept out of line.
    if !Coding.isPackable, current == nil { try willAllocate(MemoryLayout<Coding.Value>.size) }
    // Given up first, so that `current` is the only reference and is merged into in place.
    oneof = nil
    var merged = current.take() ?? Coding.zero
    try Coding.merge(into: &merged, from: &self)
    oneof = choose(merged)
  }
}

// MARK: Repeated fields

extension Reader {
  @inlinable @inline(__always)
  mutating func readElement<Coding: FieldCoding>(
    _ values: inout [Coding.Value], as coding: Coding.Type
  ) throws(DecodingError) {
    if values.count == values.capacity { try makeRoom(in: &values, as: Coding.self) }
    guard !Coding.isClosed else {
      if let known = try readKnown(Coding.self) { values.append(known) }
      return
    }
    values.append(try Coding.read(from: &self))
  }

  /// Makes room for all elements that follow each other.
  ///
  /// Messages and strings nearly always do: counting them costs less than growing the array.
  @inlinable
  mutating func makeRoom<Coding: FieldCoding>(
    in values: inout [Coding.Value], as coding: Coding.Type
  ) throws(DecodingError) {
    let more = Coding.wireType == .lengthDelimited ? countRun() : 1
    guard memory.makeRoom(for: more, in: &values) else { throw error(.tooMuchMemory) }
  }

  /// How many fields with the announced tag stand here side by side, at least one.
  ///
  /// A run is counted once: the room that is made for it lasts to its end.
  @usableFromInline
  func countRun() -> Int {
    var ahead = self
    var count = 0
    repeat {
      count &+= 1
      guard let length = try? ahead.readLength() else { break }
      ahead.position &+= length
    } while (try? ahead.nextField()) != nil && ahead.tag == tag
    return count
  }

  @inlinable
  mutating func readPacked<Coding: FieldCoding>(
    _ values: inout [Coding.Value], as coding: Coding.Type
  ) throws(DecodingError) {
    let length = try readLength()
    let outerEnd = end
    end = position &+ length
    guard memory.makeRoom(for: countPacked(Coding.wireType), in: &values) else {
      throw error(.tooMuchMemory)
    }
    while position < end {
      let start = position
      let value = try Coding.read(from: &self)
      if Coding.isKnown(value) { values.append(value) } else { try keepStray(from: start) }
    }
    end = outerEnd
    if !strays.isEmpty { valueStart = position }
  }

  /// How many values there are up to the end, if they are well-formed.
  @usableFromInline
  func countPacked(_ wireType: WireType) -> Int {
    switch wireType {
    case .fixed32: return (end &- position) / 4
    case .fixed64: return (end &- position) / 8
    default:
      var count = 0
      for index in position..<end where bytes[index] < 0x80 { count &+= 1 }
      return count
    }
  }

  /// Keeps the varint that has just been read.
  @usableFromInline
  mutating func keepStray(from start: Int) throws(DecodingError) {
    let end = position
    position = start
    try keepStray(try readVarint())
    position = end
  }
}

// MARK: Maps

/// One entry of a map while it is read: on the wire, a message with the fields 1 and 2.
@usableFromInline
struct MapEntry<Key: FieldCoding, Value: FieldCoding> {
  @usableFromInline var key = Key.zero
  @usableFromInline var value = Value.zero
  @usableFromInline var isKnown = true

  @inlinable init() {}
}

extension Reader {
  @inlinable
  mutating func mergeMapEntry<Key: FieldCoding, Value: FieldCoding>(
    into entry: inout MapEntry<Key, Value>
  ) throws(DecodingError) {
    let length = try readLength()
    let (outerEnd, outerGroup) = (end, openGroup)
    end = position &+ length
    openGroup = 0
    try descend()
    while let number = try nextField() {
      switch number {
      case 1: try read(&entry.key, as: Key.self)
      case 2: try readValue(into: &entry)
      default: break
      }
      // "Unknown fields in a map entry are discarded": an entry has nowhere to keep them.
      if isFieldUnread { try skipField() }
    }
    remainingDepth &+= 1
    end = outerEnd
    openGroup = outerGroup
  }

  @inlinable
  mutating func readValue<Key: FieldCoding, Value: FieldCoding>(
    into entry: inout MapEntry<Key, Value>
  ) throws(DecodingError) {
    guard holds(Value.self) else { return }
    try Value.merge(into: &entry.value, from: &self)
    entry.isKnown = Value.isKnown(entry.value)
  }
}
