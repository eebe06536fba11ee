import Protobuf
import Testing

/// One encoding of `Everything`, and what reading it must come to.
struct WireVector: CustomTestStringConvertible {
  enum Outcome {
    /// It is read; written again, the message has this encoding.
    case reads(String)
    case fails(DecodingError.Reason)
  }

  let testDescription: String
  /// The top-level fields, in hexadecimal.
  let fields: [[UInt8]]
  let outcome: Outcome

  /// - Parameter hex: the top-level fields with `|` between them; blanks are for the reader.
  init(_ name: String, _ hex: String, _ outcome: Outcome) {
    testDescription = name
    fields = hex.split(separator: "|").map { fromHex(String($0)) }
    self.outcome = outcome
  }

  /// A vector that is already as we write it.
  init(_ name: String, _ hex: String) {
    self.init(name, hex, .reads(String(hex.filter { $0 != "|" })))
  }

  var bytes: [UInt8] { fields.flatMap(\.self) }
}

/// The bytes of hexadecimal digits, blanks left out.
func fromHex(_ hex: String) -> [UInt8] {
  var result: [UInt8] = []
  var digits = hex.filter { !$0.isWhitespace }[...]
  while let byte = UInt8(digits.prefix(2), radix: 16) {
    result.append(byte)
    digits = digits.dropFirst(2)
  }
  precondition(digits.isEmpty, "not hexadecimal: \(hex)")
  return result
}

extension WireVector {
  /// Section 3.2 of the checks, T59.
  ///
  /// Every row was also put to upb: see `DifferentialTests`.
  static let all =
    tags + varints + scalars + repeated + messages + oneofs + maps + unknown + lengths
    + strings

  static let tags = [
    WireVector("nothing", "", .reads("")),
    WireVector("field number 0", "00 01", .fails(.invalidTag)),
    WireVector("field number 0, length-delimited", "02 00", .fails(.invalidTag)),
    WireVector("the largest field number", "f8 ff ff ff 0f 01"),
    WireVector("field number 2^29", "80 80 80 80 10 01", .fails(.invalidTag)),
    WireVector("a tag of 33 bits", "88 80 80 80 20 01", .fails(.invalidTag)),
    WireVector("wire type 6", "0e", .fails(.invalidTag)),
    WireVector("wire type 7", "0f", .fails(.invalidTag)),
    WireVector("wire type 6 of an unknown field", "c6 3e 00", .fails(.invalidTag)),
    WireVector("wire type 7 of an unknown field", "c7 3e 00", .fails(.invalidTag)),
    WireVector("a tag of two bytes for one", "88 00 01", .reads("08 01")),
    WireVector("a tag of five bytes for one", "88 80 80 80 00 01", .reads("08 01")),
    WireVector("a tag of six bytes", "88 80 80 80 80 00 01", .fails(.malformedVarint)),
    WireVector("a tag that does not end", "88 80", .fails(.truncated)),
    WireVector("a tag without value", "08", .fails(.truncated)),
  ]

  static let varints = [
    WireVector("a value of two bytes for one", "08 81 00", .reads("08 01")),
    WireVector(
      "a value of ten bytes for one", "08 81 80 80 80 80 80 80 80 80 00", .reads("08 01")),
    WireVector(
      "a value of eleven bytes", "08 81 80 80 80 80 80 80 80 80 80 00", .fails(.malformedVarint)),
    WireVector("a value that does not end", "08 ff ff", .fails(.truncated)),
    WireVector(
      "bits beyond 64 are dropped", "20 ff ff ff ff ff ff ff ff ff 7f",
      .reads("20 ff ff ff ff ff ff ff ff ff 01")),
    WireVector(
      "bit 64 alone is dropped", "20 80 80 80 80 80 80 80 80 80 02", .reads("")),
    WireVector("-1 in ten bytes", "08 ff ff ff ff ff ff ff ff ff 01"),
    WireVector(
      "-1 in five bytes", "08 ff ff ff ff 0f", .reads("08 ff ff ff ff ff ff ff ff ff 01")),
    WireVector("int32 of 2^33", "08 80 80 80 80 20", .reads("")),
    WireVector("uint32 of 2^32 + 5", "18 85 80 80 80 10", .reads("18 05")),
    WireVector("the smallest int64", "10 80 80 80 80 80 80 80 80 80 01"),
  ]

  static let scalars = [
    WireVector("bool of 2", "68 02", .reads("68 01")),
    WireVector("bool of 2^63", "68 80 80 80 80 80 80 80 80 80 01", .reads("68 01")),
    WireVector("bool of 0 in two bytes", "68 80 00", .reads("")),
    WireVector("sint32 of -1", "28 01"),
    WireVector("the smallest sint32", "28 ff ff ff ff 0f"),
    WireVector("sint32 of 33 bits", "28 80 80 80 80 10", .reads("")),
    WireVector("the smallest sint64", "30 ff ff ff ff ff ff ff ff ff 01"),
    WireVector("fixed32", "3d 78 56 34 12"),
    WireVector("fixed64", "41 f0 de bc 9a 78 56 34 12"),
    WireVector("sfixed32 of -1", "4d ff ff ff ff"),
    WireVector("sfixed64 of -1", "51 ff ff ff ff ff ff ff ff"),
    WireVector("a fixed32 that is cut", "3d 78 56 34", .fails(.truncated)),
    WireVector("a fixed64 that is cut", "41 f0 de bc 9a 78 56 34", .fails(.truncated)),
    WireVector("float of 0 is the default", "5d 00 00 00 00", .reads("")),
    WireVector("float of -0 is not", "5d 00 00 00 80"),
    WireVector("a signalling NaN", "5d 01 00 80 7f"),
    WireVector("double of -0", "61 00 00 00 00 00 00 00 80"),
    WireVector("a NaN with a payload", "61 34 12 00 00 00 00 f8 ff"),
    WireVector("an enum value with a name", "80 01 02"),
    WireVector("an enum value without a name", "80 01 e7 07"),
    WireVector("a negative enum value", "80 01 ff ff ff ff ff ff ff ff ff 01"),
    WireVector("of scalars the last counts", "08 01|08 02|08 03", .reads("08 03")),
    WireVector("the last counts if it is the default", "08 01|08 00", .reads("")),
    WireVector("an optional of 0 is present", "a8 01 00"),
    WireVector("an optional string that is empty is present", "b2 02 00", .reads("b2 02 00")),
    WireVector("a varint for a string", "70 01", .reads("70 01")),
    WireVector("a string for a varint", "0a 01 61"),
    WireVector("a fixed32 for a varint", "0d 01 02 03 04"),
  ]

  static let repeated = [
    WireVector("packed", "ca 02 03 01 02 03"),
    WireVector("not packed", "c8 02 01|c8 02 02", .reads("ca 02 02 01 02")),
    WireVector("packed and not", "ca 02 01 01|c8 02 02|ca 02 01 03", .reads("ca 02 03 01 02 03")),
    WireVector("packed, empty", "ca 02 00", .reads("")),
    WireVector("packed although it should not be", "d2 03 02 01 02", .reads("d0 03 01 d0 03 02")),
    WireVector("not packed and rightly so", "d0 03 01|d0 03 02"),
    WireVector("packed, cut inside an element", "ca 02 02 01 80", .fails(.truncated)),
    WireVector("packed fixed32, cut inside an element", "fa 02 03 01 02 03", .fails(.truncated)),
    WireVector("packed doubles", "a2 03 10 00 00 00 00 00 00 f0 3f 00 00 00 00 00 00 00 80"),
    WireVector(
      "packed bools that are not 0 or 1", "aa 03 03 00 02 7f", .reads("aa 03 03 00 01 01")),
    WireVector("packed enums without a name", "c2 03 03 01 e7 07"),
    WireVector("strings, some empty", "b2 03 00|b2 03 01 61|b2 03 00"),
    WireVector("empty messages", "ca 03 00|ca 03 00"),
    WireVector("a string for an unpacked list of doubles", "da 03 01 00", .fails(.truncated)),
  ]

  static let messages = [
    WireVector("an empty message is present", "92 01 00"),
    WireVector(
      "messages merge", "92 01 02 08 01|92 01 03 12 01 61", .reads("92 01 05 08 01 12 01 61")),
    WireVector(
      "of merged scalars the last counts", "92 01 02 08 01|92 01 02 08 02", .reads("92 01 02 08 02")
    ),
    WireVector(
      "merged lists grow", "92 01 03 1a 01 01|92 01 03 1a 01 02", .reads("92 01 04 1a 02 01 02")),
    WireVector("a message in itself", "8a 01 05 8a 01 02 08 01"),
    WireVector("a message that is cut", "92 01 02 08", .fails(.truncated)),
    WireVector(
      "a field that goes past its message", "92 01 02 12 05 61 61 61 61", .fails(.truncated)),
    WireVector("a varint that goes past its message", "92 01 02 08 80 01", .fails(.truncated)),
    WireVector("an end of group in a message", "92 01 01 0c", .fails(.unbalancedGroup)),
  ]

  static let oneofs = [
    WireVector("the last member counts", "88 05 01|9a 05 01 61", .reads("9a 05 01 61")),
    WireVector("a member of 0 is present", "88 05 00"),
    WireVector(
      "the same message merges", "b2 05 02 08 01|b2 05 03 12 01 61",
      .reads("b2 05 05 08 01 12 01 61")),
    WireVector(
      "another member in between ends the merge", "b2 05 02 08 01|88 05 05|b2 05 03 12 01 61",
      .reads("b2 05 03 12 01 61")),
    WireVector(
      "a member of another wire type changes nothing", "88 05 01|9d 05 00 00 00 00",
      .reads("88 05 01 9d 05 00 00 00 00")),
    WireVector("a zigzag member", "90 05 03"),
  ]

  static let maps = [
    WireVector("an entry", "ea 03 04 08 01 10 02"),
    WireVector("value before key", "ea 03 04 10 02 08 01", .reads("ea 03 04 08 01 10 02")),
    WireVector("no value", "ea 03 02 08 01", .reads("ea 03 04 08 01 10 00")),
    WireVector("no key", "ea 03 02 10 02", .reads("ea 03 04 08 00 10 02")),
    WireVector("neither", "ea 03 00", .reads("ea 03 04 08 00 10 00")),
    WireVector(
      "one key twice", "ea 03 04 08 01 10 02|ea 03 04 08 01 10 03", .reads("ea 03 04 08 01 10 03")),
    WireVector(
      "a key twice in one entry", "ea 03 06 08 05 08 01 10 02", .reads("ea 03 04 08 01 10 02")),
    WireVector(
      "another field in an entry", "ea 03 06 08 01 18 07 10 02", .reads("ea 03 04 08 01 10 02")),
    WireVector(
      "ordered by key", "ea 03 04 08 02 10 00|ea 03 04 08 01 10 00",
      .reads("ea 03 04 08 01 10 00 ea 03 04 08 02 10 00")),
    WireVector("a varint for a map", "e8 03 01"),
    WireVector("an entry that is cut", "ea 03 03 08 01 10", .fails(.truncated)),
    WireVector("a key that is not UTF-8", "c2 04 04 0a 02 c3 28", .fails(.invalidUTF8)),
    WireVector(
      "keys that are canonically equal", "c2 04 05 0a 03 65 cc 81|c2 04 04 0a 02 c3 a9",
      .reads("c2 04 07 0a 03 65 cc 81 12 00 c2 04 06 0a 02 c3 a9 12 00")),
    WireVector(
      "messages as values do not merge",
      "da 04 07 0a 01 61 12 02 08 01|da 04 08 0a 01 61 12 03 12 01 62",
      .reads("da 04 08 0a 01 61 12 03 12 01 62")),
    WireVector(
      "messages as values merge in one entry", "da 04 0c 0a 01 61 12 02 08 01 12 03 12 01 62",
      .reads("da 04 0a 0a 01 61 12 05 08 01 12 01 62")),
  ]

  static let unknown = [
    WireVector("an unknown varint, overlong", "c0 3e 81 00"),
    WireVector("an unknown fixed64", "c1 3e 01 02 03 04 05 06 07 08"),
    WireVector("unknown bytes", "c2 3e 02 c3 28"),
    WireVector("an unknown fixed32", "c5 3e 01 02 03 04"),
    WireVector("an unknown group", "c3 3e 08 01 c4 3e"),
    WireVector("an unknown group in a group", "c3 3e 0b 08 01 0c c4 3e"),
    WireVector("an empty unknown group", "c3 3e c4 3e"),
    WireVector(
      "unknown fields around a known one", "c0 3e 01|08 05|c2 3e 01 61",
      .reads("08 05 c0 3e 01 c2 3e 01 61")),
    WireVector("an unknown field in a message", "92 01 04 08 01 20 07"),
    WireVector("a group that another number ends", "c3 3e 08 01 cc 3e", .fails(.unbalancedGroup)),
    WireVector("a group that nothing ends", "c3 3e 08 01", .fails(.truncated)),
    WireVector("an end of group alone", "c4 3e", .fails(.unbalancedGroup)),
    WireVector("an end of group for a known field", "0c", .fails(.unbalancedGroup)),
    WireVector("a group for a known field", "0b 0c"),
    WireVector(
      "an unknown varint of eleven bytes", "c0 3e 80 80 80 80 80 80 80 80 80 80 00",
      .fails(.malformedVarint)),
    WireVector("a tag of 0 in a group", "c3 3e 00 c4 3e", .fails(.invalidTag)),
    WireVector("field number 0 in a group", "c3 3e 00 00 c4 3e", .fails(.invalidTag)),
  ]

  static let lengths = [
    WireVector("a length past the end", "72 05 61", .fails(.truncated)),
    WireVector("a length of 2^31-1", "72 ff ff ff ff 07", .fails(.truncated)),
    WireVector("a length of 2^31", "72 80 80 80 80 08", .fails(.truncated)),
    WireVector("a length of 2^32", "72 80 80 80 80 10", .fails(.truncated)),
    WireVector("a length of 2^63", "72 80 80 80 80 80 80 80 80 80 01", .fails(.malformedVarint)),
    WireVector("a length of 2^64-1", "72 ff ff ff ff ff ff ff ff ff 01", .fails(.malformedVarint)),
    WireVector("an overlong length", "72 81 00 61", .reads("72 01 61")),
    WireVector("a length of five bytes for one", "72 81 80 80 80 00 61", .reads("72 01 61")),
    WireVector("a length of six bytes", "72 81 80 80 80 80 00 61", .fails(.malformedVarint)),
    WireVector("packed, 2^31-1 elements promised", "ca 02 ff ff ff ff 07 01", .fails(.truncated)),
    WireVector("a message of 2^31-1 bytes promised", "92 01 ff ff ff ff 07", .fails(.truncated)),
    WireVector("unknown, 2^31-1 bytes promised", "c2 3e ff ff ff ff 07", .fails(.truncated)),
  ]

  static let strings = [
    WireVector("U+0000", "72 01 00"),
    WireVector("U+FFFF", "72 03 ef bf bf"),
    WireVector("U+10FFFF", "72 04 f4 8f bf bf"),
    WireVector("a byte order mark", "72 03 ef bb bf"),
    WireVector("not normalised", "72 03 65 cc 81"),
    WireVector("a continuation that is none", "72 02 c3 28", .fails(.invalidUTF8)),
    WireVector("a lone continuation", "72 01 80", .fails(.invalidUTF8)),
    WireVector("a surrogate", "72 03 ed a0 80", .fails(.invalidUTF8)),
    WireVector("an overlong U+0000", "72 02 c0 80", .fails(.invalidUTF8)),
    WireVector("an overlong slash", "72 03 e0 80 af", .fails(.invalidUTF8)),
    WireVector("beyond U+10FFFF", "72 04 f4 90 80 80", .fails(.invalidUTF8)),
    WireVector("a sequence that is cut", "72 02 e2 82", .fails(.invalidUTF8)),
    WireVector(
      "a cut sequence behind 16 letters",
      "72 12 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 e2 82", .fails(.invalidUTF8)),
    WireVector("the same in bytes", "7a 02 c3 28"),
    WireVector("in a repeated string", "b2 03 02 c3 28", .fails(.invalidUTF8)),
    WireVector("in a oneof", "9a 05 02 c3 28", .fails(.invalidUTF8)),
  ]
}
