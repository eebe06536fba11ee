/// One way to put a value on the wire, and to take it off.
///
/// The codings are the types in `Wire`. A coding is never instantiated: it only carries functions.
public protocol FieldCoding {
  /// The Swift type of the values.
  associatedtype Value: Sendable

  /// How the value is laid out after its tag.
  static var wireType: WireType { get }
  /// Whether elements of a repeated field may stand side by side under one tag.
  static var isPackable: Bool { get }
  /// What an absent field without presence holds.
  static var zero: Value { get }

  /// Whether a field without presence that holds this value is left out.
  static func isDefault(_ value: Value) -> Bool
  /// Reads a value whose tag has been read.
  static func read(from reader: inout Reader) throws(DecodingError) -> Value
  /// Reads another value for a singular field: messages merge, of scalars the last one counts.
  static func merge(into value: inout Value, from reader: inout Reader) throws(DecodingError)
  /// Writes the value without what delimits it: length and tags are the writer's business.
  static func write(_ value: Value, to writer: inout Writer)
  /// Whether there are values that the field may not hold: those without a name of a closed enum.
  static var isClosed: Bool { get }
  /// Whether the value is one that the field may hold; if not, it is kept as an unknown field.
  static func isKnown(_ value: Value) -> Bool
  /// Writes the value in a form for people.
  static func describe(_ value: Value, to description: inout MessageDescription)

  /// Whether JSON's `null` is a value of the field, and not the absence of one.
  static var isNullValue: Bool { get }
  /// Reads the JSON form; nil for what is to be ignored: an enum value with an unknown name.
  static func read(from reader: inout JSONReader) throws(DecodingError) -> Value?
  /// Writes the JSON form.
  static func write(_ value: Value, to writer: inout JSONWriter)
  /// Looks for required fields that are not set.
  static func check(_ value: Value, _ check: inout RequiredFieldCheck)
}

extension FieldCoding {
  /// True for numbers, `bool` and enums.
  @inlinable
  public static var isPackable: Bool { wireType != .lengthDelimited && wireType != .startGroup }

  /// False for everything but closed enums.
  @inlinable @inline(__always)
  public static var isClosed: Bool { false }

  /// True for everything but values of closed enums.
  @inlinable @inline(__always)
  public static func isKnown(_ value: Value) -> Bool { true }

  /// False for nearly everything.
  public static var isNullValue: Bool { false }

  /// Nothing: only messages have fields.
  public static func check(_ value: Value, _ check: inout RequiredFieldCheck) {}

  /// Replaces the value: "the last one wins".
  @inlinable
  public static func merge(
    into value: inout Value, from reader: inout Reader
  ) throws(DecodingError) {
    value = try read(from: &reader)
  }

  /// Writes what the value's type prints.
  public static func describe(_ value: Value, to description: inout MessageDescription) {
    description.write("\(value)")
  }
}

/// A Swift type that a field can have.
public protocol FieldValue: Sendable {
  /// How fields of this type are encoded unless the schema asks for another form.
  associatedtype Coding: FieldCoding where Coding.Value == Self
}

extension Bool: FieldValue {
  /// `bool`.
  public typealias Coding = Wire.Boolean
}

extension Int32: FieldValue {
  /// `int32`.
  public typealias Coding = Wire.Varint<Int32>
}

extension Int64: FieldValue {
  /// `int64`.
  public typealias Coding = Wire.Varint<Int64>
}

extension UInt32: FieldValue {
  /// `uint32`.
  public typealias Coding = Wire.Varint<UInt32>
}

extension UInt64: FieldValue {
  /// `uint64`.
  public typealias Coding = Wire.Varint<UInt64>
}

extension Float: FieldValue {
  /// `float`.
  public typealias Coding = Wire.Binary32
}

extension Double: FieldValue {
  /// `double`.
  public typealias Coding = Wire.Binary64
}

extension String: FieldValue {
  /// `string`.
  public typealias Coding = Wire.Text
}

extension Array: FieldValue where Element == UInt8 {
  /// `bytes`.
  public typealias Coding = Wire.Bytes
}
