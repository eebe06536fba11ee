import Store
import Testing

struct CompactionTests {
  @Test func `a snapshot takes the place of the log, and nothing deleted is left`() async throws {
    let disk = MemoryDisk()
    var store = try Store.open(on: disk)
    for round in 0..<3 {
      for number in 0..<40 { try await store.put("k\(number)", "\(round)/\(number)") }
    }
    var batch = Batch()
    for number in 0..<30 { batch.delete("k\(number)") }
    _ = try await store.commit(batch)
    let expected = store.entries(withPrefix: "", limit: 100).map(\.1)
    let before = disk.files
    try await store.compact()
    // T126: of all files that held what was deleted or overwritten none is left.
    let after = disk.files
    #expect(after.keys.filter { before[$0] != nil } == ["high-water-mark"])
    let snapshot = try #require(after.keys.first { $0.hasSuffix(".snapshot") })
    #expect(after.count == 2 && (after[snapshot] ?? []).count < 5000)
    // The history goes on, in memory and in the files.
    #expect(try await store.put("new", "value") == 122)
    store.close()
    store = try Store.open(on: disk)
    #expect(store.entries(withPrefix: "k", limit: 100).map(\.1) == expected)
    #expect(store.value(for: "new")?.version == 122 && store.count == 11)
    // Another one, of a state that another process left, and one with nothing in between.
    try await store.compact()
    try await store.compact()
    store.close()
    #expect(disk.files.count == 2)
    #expect(try Store.open(on: disk).contents == store.contents)
  }

  @Test func `an empty store can be compacted`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    try await store.compact()
    store.close()
    #expect(try await Store.open(on: disk).put("a", "1") == 1)
  }

  @Test func `the log is compacted on its own when it has outgrown the state`() async throws {
    let disk = MemoryDisk()
    var configuration = Store.Configuration()
    configuration.segmentLength = 8192
    configuration.compactionLength = 30_000
    let store = try Store.open(
      on: disk, markOn: disk, keys: masterKeys, configuration: configuration)
    var number = 0
    while number < 10_000, !disk.files.keys.contains(where: { $0.hasSuffix(".snapshot") }) {
      try await store.put("k\(number % 5)", "\(number)")
      number += 1
      // A record of so few bytes takes a sector.
      if number < 55 { #expect(!disk.files.keys.contains { $0.contains(".snapshot") }) }
    }
    #expect(number < 10_000)
    store.close()
    #expect(try Store.open(on: disk).contents == store.contents)
  }

  @Test func `64 tasks commit while the log is compacted again and again`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk, segmentLength: 65_536)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<64 {
        group.addTask {
          for step in 0..<10 { try await store.put(Key("\(task)/\(step)"), "\(step)") }
        }
      }
      group.addTask { for _ in 0..<10 { try await store.compact() } }
      try await group.waitForAll()
    }
    store.close()
    let again = try Store.open(on: disk)
    #expect(again.count == 640 && again.contents == store.contents)
    #expect(disk.files.keys.count { $0.hasSuffix(".snapshot") } == 1)
  }

  @Test func `closing refuses a compaction or lets it finish, and loses nothing`() async throws {
    for _ in 0..<20 {
      let disk = MemoryDisk()
      let store = try Store.open(on: disk)
      for number in 0..<50 { try await store.put("k\(number)", "v") }
      async let compaction: Void = store.compact()
      store.close()
      do { try await compaction } catch { #expect(error as? StoreError == .closed) }
      #expect(!disk.files.keys.contains { $0.hasSuffix(".tmp") })
      #expect(try Store.open(on: disk).contents == store.contents)
    }
  }

  // T119 in small.
  @Test func `after a compaction under a new master key the old one is not needed`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    for number in 0..<50 { try await store.put("k\(number)", "v") }
    await #expect(throws: StoreError.self) { try await store.compact(under: testKeys([2: 0x22])) }
    try await store.compact(under: testKeys([1: 0x11, 2: 0x22]))
    try await store.put("later", "v")
    store.close()
    #expect(try Store.open(on: disk, testKeys([2: 0x22])).contents == store.contents)
    #expect(throws: StoreError.self) { try Store.open(on: disk) }
  }

  @Test func `a snapshot that was put aside, or an older one put back, is refused`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    try await store.put("a", "1")
    try await store.compact()
    let first = disk.files
    try await store.put("a", "2")
    try await store.compact()
    try await store.put("a", "3")
    store.close()
    let last = disk.files
    let (old, new) = try (
      #require(first.first { $0.key.hasSuffix(".snapshot") }),
      #require(last.first { $0.key.hasSuffix(".snapshot") })
    )
    var without = last
    without[new.key] = nil
    var replaced = without
    replaced[old.key] = old.value
    var renamed = without
    renamed[new.key] = old.value
    for files in [without, replaced, renamed] {
      let disk = MemoryDisk(files: files)
      #expect(throws: StoreError.self) { try Store.open(on: disk) }
      #expect(disk.files == files)
    }
    // What a snapshot has replaced is neither read nor kept.
    var leftOver = last
    leftOver[old.key] = [1, 2, 3]
    leftOver["0000000000000001.log"] = [4]
    leftOver["0000000000000001.log.torn"] = [5]
    let cleaned = MemoryDisk(files: leftOver)
    #expect(try Store.open(on: cleaned).contents == ["a": "3"])
    #expect(cleaned.files.keys.sorted() == last.keys.sorted())
  }

  /// A snapshot of a few entries, alone, with its mark.
  private static func snapshot() async throws -> (name: String, files: [String: [UInt8]]) {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    for number in 0..<5 { try await store.put("k\(number)", "value") }
    try await store.compact()
    store.close()
    let files = disk.files
    return (try #require(files.keys.first { $0.hasSuffix(".snapshot") }), files)
  }

  // T79 for snapshots: all of them, for a snapshot has no end that may be torn.
  @Test func `every bit of a snapshot that changes is seen, at its place`() async throws {
    let (name, files) = try await Self.snapshot()
    let bytes = try #require(files[name])
    for position in bytes.indices where position >= 4000 || position.isMultiple(of: 37) {
      for bit in 0..<8 {
        var changed = files
        changed[name]?[position] ^= 1 << bit
        do throws(StoreError) {
          _ = try Store.open(on: MemoryDisk(files: changed))
          Issue.record("bit \(bit) of byte \(position) was not seen")
        } catch {
          guard case .damaged(name, let offset, _) = error else {
            Issue.record("\(error)")
            continue
          }
          #expect(offset <= position)
        }
      }
    }
  }

  // T78, T80 for snapshots.
  @Test func `a snapshot that was cut or has grown is refused`() async throws {
    let (name, files) = try await Self.snapshot()
    let bytes = try #require(files[name])
    for length in stride(from: bytes.count - 1, through: 4000, by: -1) {
      var cut = files
      cut[name] = Array(bytes.prefix(length))
      #expect(throws: StoreError.self) { try Store.open(on: MemoryDisk(files: cut)) }
    }
    var grown = files
    grown[name]?.append(0)
    #expect(throws: StoreError.self) { try Store.open(on: MemoryDisk(files: grown)) }
  }
}
