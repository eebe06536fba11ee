import Protobuf
import Testing

/// Forty schemas that are hard on a generator (T72).
///
/// That they compile, without warnings, is what building these tests shows.
@Suite
struct AwkwardTests {
  private static let types: [any Message.Type] = [
    Aliases.self, Clashes.self, ClosedEnums.self, Comments.self, ContextualKeywords.self,
    Deep.A.B.C.D.self, Deep.self, Defaults.self, Digits.self, Egg.self, EnumNames.self,
    Extended.self, Extremes.self, Groups.self, Hen.self, Hidden.self, JSONNames.self,
    KeywordFields.self, KeywordMembers.self, KeywordValues.self, LargeMemberNames.self,
    MapKeys.self, MapValues.self, MemberNames.self, Mixed.self, Nothing.self, NothingMore.self,
    Numbers.self, OneofNames.self, Packing.self, Presence.self, PublicBase.self,
    PublicImport.self, PublicUser.self, Recursive.self, Required.self, Reserved.self,
    RuntimeTypes.self, SameOneof.self, Shell.self, SwiftTypes.self, ThousandFields.self,
    WellKnown.self, WideEnum.self, WideOneof.self,
  ]

  /// What a field can hold, by wire type; the bytes are a message, a string and packed values, too.
  private static let values: [(wireType: UInt8, value: [UInt8])] = [
    (0, [5]), (1, [1, 2, 3, 4, 5, 6, 7, 8]), (2, [0]), (2, [2, 8, 1]), (5, [1, 2, 3, 4]),
  ]

  @Test(arguments: types)
  func `every field that is read is written the same (T72)`(_ type: any Message.Type) throws {
    try roundTrip(type)
  }

  private func roundTrip<M: Message>(_ type: M.Type) throws {
    var known = 0
    let numbers = [1...1_010, 18_999...18_999, 20_000...20_000, 536_870_911...536_870_911]
    for number in numbers.joined() {
      for (wireType, value) in Self.values {
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
    #expect(known > 0 || M.hasRequiredFields || M.messageName.hasSuffix("Nothing"))
  }

  /// Unknown fields have no JSON form; nor have values that are not valid.
  private func expectSameFromJSON<M: Message>(_ message: M) throws {
    guard let json = try? message.json(), !message.description.contains("unknown fields") else {
      return
    }
    // `null` is what every `NullValue` is in JSON, whatever its number.
    if json.contains("null") { return }
    // Two of its fields have one name in JSON, which protoc only allows in proto2.
    if M.self == Clashes.self { return }
    #expect(try M(json: json) == message, "\(json)")
  }

  private func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  @Test
  func `defaults of the schema are given where a field is not set`() {
    let message = Defaults()
    #expect(message.aOrDefault == .min && message.kOrDefault == .min && message.bOrDefault == .max)
    #expect(message.cOrDefault == .infinity && message.dOrDefault == -.infinity)
    #expect(message.eOrDefault.isNaN && message.fOrDefault == 1.5e-7 && message.gOrDefault)
    #expect(message.hOrDefault == "quote \" back \\ tab \t \u{20ac} \\(x)")
    #expect(message.iOrDefault == [0, 255, 0x5c, 0x22, 0x0a])
    #expect(message.jOrDefault == .b)
    #expect(Defaults.with { $0.a = 0 }.aOrDefault == 0)
  }

  @Test
  func `required fields must be there, inside as well`() throws {
    #expect(Required().missingRequiredField == "number")
    let inner = Required.Inner.with { $0.text = "" }
    var message = Required.with { ($0.number, $0.inner) = (0, inner) }
    #expect(message.missingRequiredField == nil)
    message.inners = [inner, Required.Inner()]
    #expect(message.missingRequiredField == "inners.text")
    #expect(throws: EncodingError.missingRequiredField("inners.text")) { try message.serialized() }
    let error = #expect(throws: DecodingError.self) { try Required(serialized: [8, 1]) }
    #expect(error?.reason == .missingRequiredField)
  }

  @Test
  func `values that a closed enum does not name are unknown fields`() throws {
    let must: [UInt8] = [0x30, 5]
    let message = try ClosedEnums(serialized: must + [0x08, 7, 0x10, 5, 0x10, 7, 0x1a, 2, 6, 7])
    #expect(message.one == nil && message.many == [.five] && message.packed == [.six])
    #expect(message.unknownFields.bytes == [0x08, 7, 0x10, 7, 0x18, 7])
  }
}
