import Protobuf
import Testing

@Suite
struct MapTests {
  @Test
  func `canonically equal strings stay two keys`() {
    var map: Map<String, Int32> = [:]
    map["e\u{301}"] = 1
    map["\u{e9}"] = 2
    #expect(map.count == 2)
    #expect(map["e\u{301}"] == 1)
    #expect(map.sorted().map(\.value) == [1, 2])
  }
}
