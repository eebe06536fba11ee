import Store
import Testing

/// Numbers in names and marks that no store ever comes to, and what a repair makes of them.
struct StrangeNumberTests {
  /// A mark with this sequence number in both slots, checksums and all.
  private static func mark(of files: [String: [UInt8]], sequence: UInt64) -> [UInt8] {
    let old = files["high-water-mark"] ?? []
    var bytes = [UInt8](repeating: 0, count: 4096 + 68)
    for (slot, generation) in [(0, UInt8(1)), (4096, 2)] {
      var content = Array("linkdhwm".utf8) + [1, 0, 0, 0, 0, 0, 0, 0] + old[16..<32]
      content += [generation, 0, 0, 0, 0, 0, 0, 0]
      content += (0..<8).map { UInt8(truncatingIfNeeded: sequence >> (8 * $0)) }
      content += [UInt8](repeating: 7, count: 16)
      bytes.replaceSubrange(slot..<slot + 68, with: content + checksum(content))
    }
    return bytes
  }

  /// Refused, then repaired without a loss, and from then on like any other.
  private static func expectRepair(_ disk: MemoryDisk, setsAside names: [String]) async throws {
    let before = disk.files
    #expect(throws: StoreError.self) { try Store.open(on: disk) }
    #expect(throws: StoreError.self) { try Inspection(disk: disk, keys: nil) }
    #expect(disk.files == before)
    let repair = try #require(try Repair.run(on: disk, keys: masterKeys))
    #expect(
      repair.count == 24 && Set(repair.setAside).isSuperset(of: names.map { $0 + ".damaged" }))
    for name in names { #expect(disk.files[name + ".damaged"] == before[name]) }
    for number in 0..<3 {
      let store = try Store.open(on: disk)
      #expect(store.count == 24 + number)
      #expect(try await store.put("c\(number)", "3") < 1 << 63)
      try await store.compact()
      store.close()
    }
    #expect(try Repair.run(on: disk, keys: masterKeys) == nil)
  }

  @Test(arguments: [
    "ffffffffffffffff.log", "fffffffffffffffe.log", "8000000000000001.log", "8000000000000000.log",
    "7fffffffffffffff.log", "0000000000000100.log", "ffffffffffffffff.snapshot",
    "8000000000000000.snapshot", "0000000000000100.snapshot",
  ])
  func `a file with the number of none is refused, and a repair sets it aside alone`(
    _ name: String
  ) async throws {
    var files = try await ToolTests.filled().files
    files[name] = []
    try await Self.expectRepair(MemoryDisk(files: files), setsAside: [name])
  }

  @Test(arguments: [.max, .max - 4, 1 << 63 + 1, 1 << 63, 1 << 63 - 1 << 32] as [UInt64])
  func `a mark that no store comes to is refused, and a repair begins it anew`(
    _ sequence: UInt64
  ) async throws {
    var files = try await ToolTests.filled().files
    files["high-water-mark"] = Self.mark(of: files, sequence: sequence)
    try await Self.expectRepair(MemoryDisk(files: files), setsAside: ["high-water-mark"])
  }
}
