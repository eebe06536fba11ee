/// A protobuf enum: a number of which some have names.
///
/// Enums are open: a number that a newer schema has named survives in an older program.
public protocol ProtoEnum: RawRepresentable<Int32>, FieldValue, Hashable, CustomStringConvertible {
  /// A varint; values without a name are kept.
  associatedtype Coding = Wire.Enumeration<Self>

  /// The value with this number, named or not.
  init(rawValue: Int32)

  /// The names in the schema. Of several for one number the first is the one that is shown.
  static var valueNames: [EnumValueName] { get }
}

/// What one value of an enum is called in the schema.
public struct EnumValueName: Sendable, Hashable {
  /// The number.
  public let number: Int32
  /// The name: `PROVIDER_X`.
  public let name: String

  /// The name of a number.
  public init(_ number: Int32, _ name: String) {
    self.number = number
    self.name = name
  }
}

extension ProtoEnum {
  /// The name in the schema, or nil for a number that has none.
  public var name: String? {
    Self.valueNames.first { $0.number == rawValue }?.name
  }

  /// The name in the schema, or the number.
  public var description: String { name ?? "\(rawValue)" }
}
