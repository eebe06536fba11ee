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

  /// Appends an integer field, for a message of a schema that is older than the field.
  package mutating func append(_ number: Int, varint value: UInt64) {
    var writer = Writer(capacity: 20)
    writer.write(number, present: value)
    bytes += writer.contents()
  }

  /// The last varint with this field number, as an extension of an option has it; nil if none.
  package func varint(_ number: Int) -> UInt64? {
    last(number, Wire.Varint<UInt64>.self)
  }

  /// What the last length-delimited field with this number holds, read as fields; nil if none does.
  package func fields(_ number: Int) -> UnknownFields? {
    last(number, Wire.Bytes.self).map { bytes in
      var fields = UnknownFields()
      fields.bytes = bytes
      return fields
    }
  }

  private func last<Coding: FieldCoding>(_ number: Int, _ coding: Coding.Type) -> Coding.Value? {
    var reader = Reader(bytes.span, limits: .default)
    var value: Coding.Value?
    while let found = try? reader.nextField() {
      if found == number, reader.holds(Coding.self) {
        value = (try? Coding.read(from: &reader)) ?? value
      } else if (try? reader.skipField()) == nil {
        break
      }
    }
    return value
  }
}
