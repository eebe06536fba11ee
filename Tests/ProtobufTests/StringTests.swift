import Protobuf
import Testing

/// Strings are their bytes: nothing is normalised, nothing is taken for equal that differs.
@Suite
struct StringTests {
  /// The edges of what a string can hold, and pairs that are canonically equal.
  private static let strings = [
    "", "\u{0}", "a\u{0}b", "\u{7f}", "\u{80}", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{e000}",
    "\u{fffd}", "\u{fffe}", "\u{ffff}", "\u{10000}", "\u{10ffff}", "\u{feff}", "\u{feff}bom",
    "bom\u{feff}", "e\u{301}", "\u{e9}", "\u{212b}", "A\u{30a}", "\u{c5}", "\u{1100}\u{1161}",
    "\u{ac00}", "\u{fb01}", "\r\n", "\u{2028}\u{2029}", "\u{200d}", "q\u{307}\u{323}",
    "q\u{323}\u{307}", "exactly fifteen", "exactly sixteen!", "\u{1f468}\u{200d}\u{1f469}",
  ]

  @Test(arguments: strings)
  func `a string is kept byte for byte (T68)`(_ string: String) throws {
    let message = Everything.with {
      $0.stringValue = string
      $0.stringList = [string, string]
      $0.stringMap = [string: string]
      $0.choice = .stringChoice(string)
    }
    let wire = try Everything(serialized: message.serialized())
    let json = try Everything(json: message.jsonBytes())
    for read in [wire, json] {
      let strings =
        [read.stringValue, read.stringChoice ?? "?"] + read.stringList
        + read.stringMap.flatMap { [$0.key, $0.value] }
      #expect(strings.count == 6)
      #expect(strings.allSatisfy { $0.utf8.elementsEqual(string.utf8) })
    }
  }

  @Test
  func `different strings are different messages (T68)`() {
    let messages = Self.strings.map { string in StringValue.with { $0.value = string } }
    #expect(Set(messages).count == Self.strings.count)
  }

  @Test
  func `canonically equal keys stay two (T69)`() throws {
    var map: Map<String, Int32> = [:]
    map["e\u{301}"] = 1
    map["\u{e9}"] = 2
    #expect(map.count == 2 && map["e\u{301}"] == 1 && map["\u{e9}"] == 2)
    #expect(map.sorted().map(\.value) == [1, 2])
    map["\u{e9}"] = nil
    #expect(map["e\u{301}"] == 1)
  }

  @Test
  func `canonically equal keys stay two when they are read (T69)`() throws {
    let wire = try Everything(
      serialized: Everything.with { $0.stringMap = ["e\u{301}": "one", "\u{e9}": "two"] }
        .serialized())
    let json = try Everything(json: #"{"stringMap": {"e\u0301": "one", "\u00e9": "two"}}"#)
    let value = try Struct(json: #"{"e\u0301": "one", "\u00e9": "two"}"#)
    #expect(wire == json && wire.stringMap.count == 2 && value.fields.count == 2)
    #expect(wire.stringMap["\u{e9}"] == "two" && wire.stringMap["e\u{301}"] == "one")
    #expect(value.fields["\u{e9}"]?.kind == .stringValue("two"))
  }

  @Test
  func `names that are only canonically equal to those of the schema are none (T69)`() throws {
    // The sign of the kelvin is canonically equal to the letter K.
    #expect(throws: DecodingError.self) { try Kelvin(json: "{\"\u{212a}\": 1}") }
    #expect(throws: DecodingError.self) { try Kelvin(json: "{\"unit\": \"\u{212a}\"}") }
    let message = try Kelvin(json: #"{"K": 1, "unit": "K"}"#)
    #expect(message.k == 1 && message.unit == .k)
  }
}
