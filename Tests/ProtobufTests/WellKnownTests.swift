import Protobuf
import Testing

@Suite
struct WellKnownTests {
  @Test
  func `durations become Swift's and come back`() {
    for (seconds, nanos) in [(0, 0), (1, 5), (-1, -5), (0, -999_999_999), (315_576_000_000, 0)] {
      let duration = ProtoDuration(seconds: Int64(seconds), nanos: Int32(nanos))
      #expect(ProtoDuration(Duration(duration)) == duration)
      #expect(duration.isValid)
    }
    #expect(!ProtoDuration(seconds: 1, nanos: -1).isValid)
    #expect(!ProtoDuration(seconds: 315_576_000_001).isValid)
    #expect(ProtoDuration(.milliseconds(1500)) == ProtoDuration(seconds: 1, nanos: 500_000_000))
  }

  @Test
  func `the largest and smallest values of the wire do not trap`() {
    for (seconds, nanos) in [(Int64.max, Int32.max), (.min, .min)] {
      let duration = ProtoDuration(seconds: seconds, nanos: nanos)
      #expect(!duration.isValid)
      #expect(Duration(duration) != .zero)
    }
  }

  @Test
  func `timestamps are valid from year 1 to year 9999`() {
    #expect(Timestamp(seconds: Timestamp.minimumSeconds).isValid)
    #expect(Timestamp(seconds: Timestamp.maximumSeconds, nanos: 999_999_999).isValid)
    #expect(!Timestamp(seconds: Timestamp.maximumSeconds + 1).isValid)
    #expect(!Timestamp(seconds: 0, nanos: -1).isValid)
  }

  @Test
  func `an Any gives back what was packed, as that type only`() throws {
    let packed = try ProtoAny(packing: Leaf.with { $0.number = 7 })
    #expect(packed.typeURL == "type.googleapis.com/testing.codec.Leaf")
    #expect(try packed.unpack(as: Leaf.self)?.number == 7)
    #expect(try packed.unpack(as: Older.self) == nil)
    var elsewhere = packed
    elsewhere.typeURL = "example.com/registry/testing.codec.Leaf"
    #expect(elsewhere.holds(Leaf.self))
    elsewhere.typeURL = "testing.codec.Leaf"
    #expect(elsewhere.packedName == "testing.codec.Leaf")
  }
}
