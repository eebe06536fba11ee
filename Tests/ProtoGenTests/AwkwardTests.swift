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

  @Test(arguments: types)
  func `every field that is read is written the same (T72)`(_ type: any Message.Type) throws {
    try RoundTrip.check(type)
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
