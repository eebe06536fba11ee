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

  mutating func append(_ field: Span<UInt8>) {
    bytes.append(copying: field)
  }

  /// The last varint with this field number, as an extension of an option has it; nil if none.
  package func varint(_ number: Int) -> UInt64? {
    var reader = Reader(bytes.span, limits: .default)
    var value: UInt64?
    // What is kept here has been read before, so nothing in it can fail.
    while let found = try? reader.nextField() {
      if found == number, reader.holds(Wire.Varint<UInt64>.self) {
        value = try? reader.readVarint()
      } else {
        try? reader.skipField()
      }
    }
    return value
  }
}
