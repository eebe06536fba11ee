/// The fields of a message that its reader's schema does not know, as they came.
///
/// They are written back byte for byte and in order, so that a message survives a program with an
/// older schema. Their content is never shown: a newer schema may have marked it sensitive.
public struct UnknownFields: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
  /// Complete fields, tags included.
  public private(set) var bytes: [UInt8] = []

  /// No unknown fields.
  @inlinable public init() {}

  /// Whether there are none.
  @inlinable public var isEmpty: Bool { bytes.isEmpty }

  /// How many bytes there are.
  public var description: String { "\(bytes.count) bytes of unknown fields" }

  /// Nothing but the description.
  public var customMirror: Mirror { Mirror(self, children: []) }

  /// Appends fields; false if the memory does not allow it.
  mutating func append(_ fields: Span<UInt8>, within memory: inout MemoryBudget) -> Bool {
    guard memory.makeRoom(for: fields.count, in: &bytes) else { return false }
    bytes.append(copying: fields)
    return true
  }

  /// The last varint with this field number, as an extension of an option has it; nil if none.
  package func varint(_ number: Int) -> UInt64? {
    value(number, Wire.Varint<UInt64>.self)
  }

  /// What the last length-delimited field with this number holds, read as fields; nil if none does.
  package func fields(_ number: Int) -> UnknownFields? {
    value(number, Wire.Bytes.self).map { bytes in
      var fields = UnknownFields()
      fields.bytes = bytes
      return fields
    }
  }

  // MARK: Fields that somebody knows

  /// The value of a singular field that is among these: of scalars the last one, messages merge.
  func value<Coding: FieldCoding>(_ number: Int, _ coding: Coding.Type) -> Coding.Value? {
    var value: Coding.Value?
    var reader = Reader(bytes.span, limits: .default)
    while let found = try? reader.nextField() {
      if found == number, (try? reader.read(&value, as: Coding.self)) == nil { break }
      if reader.isFieldUnread, (try? reader.skipField()) == nil { break }
    }
    return value
  }

  /// Appends a field, for a message whose schema does not have it.
  package mutating func append<Coding: FieldCoding>(
    _ number: Int, _ value: Coding.Value, _ coding: Coding.Type
  ) {
    var writer = Writer()
    writer.write(number, present: value, as: Coding.self)
    bytes += writer.contents()
  }

  /// Takes out all fields with this number.
  mutating func remove(_ number: Int) {
    var kept: [UInt8] = []
    var reader = Reader(bytes.span, limits: .default)
    while let found = try? reader.nextField() {
      let start = reader.tagStart
      guard (try? reader.skipField()) != nil else { break }
      if found != number { kept.append(copying: bytes.span.extracting(start..<reader.position)) }
    }
    bytes = kept
  }
}
