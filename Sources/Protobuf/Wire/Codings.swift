// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation
// Each member is documented where `FieldCoding` requires it; what is particular stands with the type.

/// The codings of the wire format.
public enum Wire {
  /// `int32`, `int64`, `uint32`, `uint64`: base-128 groups.
  ///
  /// Negative values are sign-extended to 64 bits, ten bytes; the upper bits of what is too wide
  /// are dropped.
  public enum Varint<Value: FixedWidthInteger & Sendable>: FieldCoding {}
  /// `sint32`, `sint64`: zigzag, so that small negative values are short.
  public enum ZigZag<Value: FixedWidthInteger & SignedInteger & Sendable>: FieldCoding {}
  /// `fixed32`, `fixed64`, `sfixed32`, `sfixed64`: little-endian.
  public enum Fixed<Value: FixedWidthInteger & Sendable>: FieldCoding {}
  /// `bool`: a varint; all but 0 is true.
  public enum Boolean: FieldCoding {}
  /// `float`: the bits of an IEEE 754 binary32.
  public enum Binary32: FieldCoding {}
  /// `double`: the bits of an IEEE 754 binary64.
  public enum Binary64: FieldCoding {}
  /// `string`: UTF-8, checked.
  public enum Text: FieldCoding {}
  /// `bytes`.
  public enum Bytes: FieldCoding {}
  /// An enum: a varint; values without a name are kept.
  public enum Enumeration<Value: ProtoEnum>: FieldCoding {}
  /// A closed enum (proto2): a varint; values without a name are kept as unknown fields.
  public enum ClosedEnumeration<Value: ProtoEnum>: FieldCoding {}
  /// A message, delimited by its length.
  public enum Submessage<Value: Message>: FieldCoding {}
  /// A message between two tags (proto2's `group`, `DELIMITED` in editions).
  public enum Group<Value: Message>: FieldCoding {}
}

// MARK: Integers

extension Wire.Varint {
  @inlinable public static var wireType: WireType { .varint }
  @inlinable public static var zero: Value { 0 }
  @inlinable public static func isDefault(_ value: Value) -> Bool { value == 0 }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Value {
    Value(truncatingIfNeeded: try reader.readVarint())
  }

  @inlinable
  public static func write(_ value: Value, to writer: inout Writer) {
    writer.writeVarint(UInt64(truncatingIfNeeded: value))
  }
}

extension Wire.ZigZag {
  @inlinable public static var wireType: WireType { .varint }
  @inlinable public static var zero: Value { 0 }
  @inlinable public static func isDefault(_ value: Value) -> Bool { value == 0 }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Value {
    // Cut to the width of the field first, as C++ and upb do.
    let bits = Value.Magnitude(truncatingIfNeeded: try reader.readVarint())
    return Value(truncatingIfNeeded: bits >> 1) ^ (0 &- Value(truncatingIfNeeded: bits & 1))
  }

  @inlinable
  public static func write(_ value: Value, to writer: inout Writer) {
    let wide = Int64(value)
    writer.writeVarint(UInt64(bitPattern: (wide &<< 1) ^ (wide &>> 63)))
  }
}

extension Wire.Fixed {
  @inlinable public static var wireType: WireType { Value.bitWidth == 32 ? .fixed32 : .fixed64 }
  @inlinable public static var zero: Value { 0 }
  @inlinable public static func isDefault(_ value: Value) -> Bool { value == 0 }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Value {
    try reader.readFixed()
  }

  @inlinable
  public static func write(_ value: Value, to writer: inout Writer) {
    writer.writeFixed(value)
  }
}

extension Wire.Boolean {
  @inlinable public static var wireType: WireType { .varint }
  @inlinable public static var zero: Bool { false }
  @inlinable public static func isDefault(_ value: Bool) -> Bool { !value }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Bool {
    try reader.readVarint() != 0
  }

  @inlinable
  public static func write(_ value: Bool, to writer: inout Writer) {
    writer.writeVarint(value ? 1 : 0)
  }
}

extension Wire.Enumeration {
  @inlinable public static var wireType: WireType { .varint }
  @inlinable public static var zero: Value { Value(rawValue: 0) }
  @inlinable public static func isDefault(_ value: Value) -> Bool { value.rawValue == 0 }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Value {
    Value(rawValue: Int32(truncatingIfNeeded: try reader.readVarint()))
  }

  @inlinable
  public static func write(_ value: Value, to writer: inout Writer) {
    writer.writeVarint(UInt64(truncatingIfNeeded: value.rawValue))
  }
}

extension Wire.ClosedEnumeration {
  @inlinable public static var wireType: WireType { .varint }
  @inlinable public static var zero: Value { Value(rawValue: 0) }
  @inlinable public static func isDefault(_ value: Value) -> Bool { value.rawValue == 0 }
  @inlinable public static var isClosed: Bool { true }
  @inlinable public static func isKnown(_ value: Value) -> Bool { value.name != nil }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Value {
    try Wire.Enumeration<Value>.read(from: &reader)
  }

  @inlinable
  public static func write(_ value: Value, to writer: inout Writer) {
    Wire.Enumeration<Value>.write(value, to: &writer)
  }
}

// MARK: Floating point

// "Negative zero is not the default": presence is decided by the bits, not by `==`.

extension Wire.Binary32 {
  @inlinable public static var wireType: WireType { .fixed32 }
  @inlinable public static var zero: Float { 0 }
  @inlinable public static func isDefault(_ value: Float) -> Bool { value.bitPattern == 0 }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Float {
    Float(bitPattern: try reader.readFixed())
  }

  @inlinable
  public static func write(_ value: Float, to writer: inout Writer) {
    writer.writeFixed(value.bitPattern)
  }
}

extension Wire.Binary64 {
  @inlinable public static var wireType: WireType { .fixed64 }
  @inlinable public static var zero: Double { 0 }
  @inlinable public static func isDefault(_ value: Double) -> Bool { value.bitPattern == 0 }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Double {
    Double(bitPattern: try reader.readFixed())
  }

  @inlinable
  public static func write(_ value: Double, to writer: inout Writer) {
    writer.writeFixed(value.bitPattern)
  }
}

// MARK: Length-delimited values

extension Wire.Text {
  @inlinable public static var wireType: WireType { .lengthDelimited }
  @inlinable public static var zero: String { "" }
  @inlinable public static func isDefault(_ value: String) -> Bool { value.isEmpty }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> String {
    try reader.readString()
  }

  @inlinable
  public static func write(_ value: String, to writer: inout Writer) {
    writer.writeRaw(value.utf8.span)
  }

  public static func describe(_ value: String, to description: inout MessageDescription) {
    description.write(value.debugDescription)
  }
}

extension Wire.Bytes {
  @inlinable public static var wireType: WireType { .lengthDelimited }
  @inlinable public static var zero: [UInt8] { [] }
  @inlinable public static func isDefault(_ value: [UInt8]) -> Bool { value.isEmpty }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> [UInt8] {
    try reader.readBytes()
  }

  @inlinable
  public static func write(_ value: [UInt8], to writer: inout Writer) {
    writer.writeRaw(value.span)
  }

  public static func describe(_ value: [UInt8], to description: inout MessageDescription) {
    description.write(hex: value)
  }
}

extension Wire.Submessage {
  @inlinable public static var wireType: WireType { .lengthDelimited }
  @inlinable public static var zero: Value { Value() }
  /// Messages always have presence.
  @inlinable public static func isDefault(_ value: Value) -> Bool { false }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Value {
    var message = Value()
    try reader.mergeMessage(into: &message)
    return message
  }

  @inlinable
  public static func merge(
    into value: inout Value, from reader: inout Reader
  ) throws(DecodingError) {
    try reader.mergeMessage(into: &value)
  }

  @inlinable
  public static func write(_ value: Value, to writer: inout Writer) {
    value.encode(into: &writer)
  }

  public static func describe(_ value: Value, to description: inout MessageDescription) {
    description.write(message: value)
  }
}

extension Wire.Group {
  @inlinable public static var wireType: WireType { .startGroup }
  @inlinable public static var zero: Value { Value() }
  /// Messages always have presence.
  @inlinable public static func isDefault(_ value: Value) -> Bool { false }

  @inlinable
  public static func read(from reader: inout Reader) throws(DecodingError) -> Value {
    var message = Value()
    try reader.mergeGroup(into: &message)
    return message
  }

  @inlinable
  public static func merge(
    into value: inout Value, from reader: inout Reader
  ) throws(DecodingError) {
    try reader.mergeGroup(into: &value)
  }

  @inlinable
  public static func write(_ value: Value, to writer: inout Writer) {
    value.encode(into: &writer)
  }

  public static func describe(_ value: Value, to description: inout MessageDescription) {
    description.write(message: value)
  }
}
