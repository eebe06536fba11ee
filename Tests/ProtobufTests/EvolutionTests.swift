import Protobuf
import Testing

/// What one version of a message has written the other reads (T70).
///
/// The encodings are Google's protobuf's for Python, and so is what either version makes of them.
@Suite
struct EvolutionTests {
  /// `VersionOne` with every field set.
  private static let old = fromHex(
    """
    08011204676f6e65180320fcffffffffffffffff012a046669766532037369783807384638bc0540014a070809
    1203746f6f5202080a5a050a016110015a070a0365cc811002650c0000006a08746869727465656e7202080172
    03120178
    """)

  /// `VersionTwo` with every field set.
  private static let new = fromHex(
    """
    0801208580808080202a01612a01623a02074640024a0708091a036e6577520208015a050a017a101a62047465
    78746a016f72031a0179780f820100a00114
    """)

  @Test
  func `what the first version wrote the second reads (T70)`() throws {
    let message = try VersionTwo(serialized: Self.old)
    #expect(message.kept == 1 && message.widened == -4 && message.mode.rawValue == 1)
    #expect(message.madeRepeated == ["five"] && message.movedIntoOneof == "six")
    #expect(message.packingChanged == [7, 70, 700] && message.part?.kept == 9)
    #expect(message.madeAMessage?.kept == 10 && message.calledOtherwise == "thirteen")
    #expect(message.counts == ["a": 1, "e\u{301}": 2] && message.parts.count == 2)
    // Neither what has another number now nor what has another type.
    #expect(message.renumbered == 0 && message.retyped.isEmpty && message.added == nil)
    #expect(
      try message.serialized()
        == fromHex(
          """
          080120fcffffffffffffffff012a046669766532037369783a040746bc0540014a07080912
          03746f6f5202080a5a050a016110015a070a0365cc8110026a08746869727465656e720208
          017203120178 1204676f6e65 1803 650c000000
          """))
  }

  @Test
  func `what the second version wrote the first reads (T70)`() throws {
    let message = try VersionOne(serialized: Self.new)
    #expect(message.kept == 1 && message.widened == 5 && message.mode.rawValue == 2)
    #expect(message.madeRepeated == "b" && message.movedIntoOneof.isEmpty)
    #expect(message.packingChanged == [7, 70] && message.part?.kept == 9)
    #expect(message.madeAMessage == [8, 1] && message.renamed == "o" && message.counts["z"] == 26)
    #expect(message.removed.isEmpty && message.renumbered == 0 && message.retyped == 0)
    #expect(
      try message.serialized()
        == fromHex(
          """
          080120052a01623807384640024a0708091a036e6577520208015a050a017a101a6a016f72031a0179
          620474657874 780f 820100 a00114
          """))
  }

  @Test(arguments: [old, new])
  func `nothing is lost on the way through the other version (T70)`(_ bytes: [UInt8]) throws {
    let (one, two) = (try VersionOne(serialized: bytes), try VersionTwo(serialized: bytes))
    // 64-bit numbers do not fit into 32 bits: the one field of the new message that the old cuts.
    if bytes == Self.old {
      #expect(try VersionOne(serialized: two.serialized()) == one)
    } else {
      var again = try VersionTwo(serialized: one.serialized())
      #expect(again.widened == 5 && again.madeRepeated == ["b"])
      (again.widened, again.madeRepeated) = (two.widened, two.madeRepeated)
      #expect(again == two)
    }
  }
}
