import Protobuf
import Testing

/// Whether messages of a type survive both formats, field by field.
enum RoundTrip {
  /// What a field can hold, by wire type; the bytes are a message, a string and packed values, too.
  private static let values: [(wireType: UInt8, value: [UInt8])] = [
    (0, [5]), (1, [1, 2, 3, 4, 5, 6, 7, 8]), (2, [0]), (2, [2, 8, 1]), (5, [1, 2, 3, 4]),
  ]

  /// Reads whatever a single field can hold, and writes it in both formats.
  static func check<M: Message>(_ type: M.Type) throws {
    var known = 0
    let numbers = [1...1_010, 18_999...18_999, 20_000...20_000, 536_870_911...536_870_911]
    for number in numbers.joined() {
      for (wireType, value) in values {
        let field = varint(UInt64(number) << 3 | UInt64(wireType)) + value
        let limits = DecodingLimits.default
        guard let message = try? M(serialized: field, limits: limits) else { continue }
        if !message.unknownFields.isEmpty { continue }
        known += 1
        let written = try message.serialized()
        #expect(try M(serialized: written) == message)
        try expectSameFromJSON(message)
      }
    }
    let isEmpty = ["Nothing", "Empty"].contains { M.messageName.hasSuffix($0) }
    #expect(known > 0 || M.hasRequiredFields || isEmpty)
  }

  /// Unknown fields have no JSON form; nor have values that are not valid.
  private static func expectSameFromJSON<M: Message>(_ message: M) throws {
    guard let json = try? message.json(), !message.description.contains("unknown fields") else {
      return
    }
    // A single empty path is written like no path.
    if M.self == FieldMask.self, json == "\"\"" { return }
    // `null` is what every `NullValue` is in JSON, whatever its number.
    if json.contains("null") { return }
    // Two of its fields have one name in JSON, which protoc only allows in proto2.
    if M.self == Clashes.self { return }
    #expect(try M(json: json) == message, "\(json)")
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
