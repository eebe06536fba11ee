import Store
import Testing

struct StoreTests {
  @Test func `what was committed is there after reopening`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    #expect(try await store.put("a", "1") == 1)
    #expect(try await store.put("b", "2") == 2)
    var batch = Batch()
    batch.put("c", Array("3".utf8))
    batch.delete("a")
    batch.put("b", Array("4".utf8))
    #expect(try await store.commit(batch) == 3)
    for store in [store, try Store.open(on: MemoryDisk(files: disk.files))] {
      #expect(store.contents == ["b": "4", "c": "3"])
      #expect(store.value(for: "b") == Entry(value: Array("4".utf8), version: 3))
      #expect(store.value(for: "a") == nil)
      #expect(store.count == 2)
      #expect(store.tornFile == nil)
    }
  }

  @Test func `many reopenings continue one history across segments`() async throws {
    let disk = MemoryDisk()
    var expected: [String: String] = [:]
    for round in 0..<10 {
      let store = try Store.open(on: disk)
      #expect(store.contents == expected)
      for step in 0..<20 {
        let (key, value) = ("k\(step % 7)", "\(round)/\(step)")
        #expect(try await store.put(Key(key), value) == UInt64(round * 20 + step + 1))
        expected[key] = value
      }
      store.close()
    }
    #expect(disk.files.keys.filter { $0.hasSuffix(".log") }.count >= 10)
    #expect(try Store.open(on: disk).contents == expected)
  }

  @Test func `a batch whose requirement does not hold changes nothing`() async throws {
    let store = try Store.open(on: MemoryDisk())
    let version = try await store.put("a", "1")
    for (key, required) in [("a", nil), ("a", version + 1), ("b", version)] as [(Key, UInt64?)] {
      var batch = Batch()
      batch.put("a", [9])
      batch.put("c", [9])
      batch.require(key, version: required)
      await #expect(throws: StoreError.conflict) { try await store.commit(batch) }
    }
    #expect(store.contents == ["a": "1"])
    var batch = Batch()
    batch.require("a", version: version)
    batch.require("b", version: nil)
    batch.put("b", Array("2".utf8))
    #expect(try await store.commit(batch) == version + 1)
  }

  @Test func `of many that require the same version exactly one wins`() async throws {
    let store = try Store.open(on: MemoryDisk())
    let version = try await store.put("a", "start")
    let winners = await withTaskGroup(of: Bool.self, returning: Int.self) { group in
      for task in 0..<64 {
        group.addTask {
          var batch = Batch()
          batch.require("a", version: version)
          batch.put("a", Array("\(task)".utf8))
          return (try? await store.commit(batch)) != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(winners == 1)
  }

  @Test func `64 tasks commit at once, each sees its own writes, and all survive`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk, segmentLength: 65_536)
    let before = disk.syncs
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<64 {
        group.addTask {
          for step in 0..<20 {
            let version = try await store.put(Key("\(task)/\(step)"), "\(step)")
            #expect(store.value(for: Key("\(task)/\(step)"))?.version == version)
          }
        }
      }
      try await group.waitForAll()
    }
    // One sync for many: without groups there would be 1,280.
    #expect(disk.syncs - before < 1280)
    let entries = store.entries(withPrefix: "", limit: 10_000)
    #expect(Set(entries.map { $1.version }) == Set(1...1280))
    store.close()
    #expect(try Store.open(on: disk).contents == store.contents)
  }

  @Test func `pages go through a prefix in the order of bytes`() async throws {
    let store = try Store.open(on: MemoryDisk())
    var batch = Batch()
    let keys = (0..<300).map { Key([UInt8(ascii: "p"), UInt8($0 / 256), UInt8($0 % 256)]) }
    for key in keys.shuffled() { batch.put(key, []) }
    for other in ["o", "q", "oz"] as [Key] { batch.put(other, []) }
    _ = try await store.commit(batch)
    var seen: [Key] = []
    while true {
      let page = store.entries(withPrefix: "p", after: seen.last, limit: 7)
      if page.isEmpty { break }
      #expect(page.count <= 7)
      seen += page.map(\.0)
    }
    #expect(seen == keys)
    #expect(store.entries(withPrefix: "p", limit: 0).isEmpty)
    #expect(store.entries(withPrefix: "x", limit: 10).isEmpty)
    #expect(store.entries(withPrefix: "p", after: "q", limit: 10).isEmpty)
    #expect(store.entries(withPrefix: "p", after: "a", limit: 1).map(\.0) == [keys[0]])
  }

  @Test func `what is over a limit is refused and leaves no trace`() async throws {
    let store = try Store.open(on: MemoryDisk())
    var longKey = Batch()
    longKey.put(Key([UInt8](repeating: 1, count: 1025)), [])
    var longValue = Batch()
    longValue.put("a", [UInt8](repeating: 1, count: 1 << 20 + 1))
    var longBatch = Batch()
    for number in 0..<17 { longBatch.put(Key("\(number)"), [UInt8](repeating: 1, count: 1 << 20)) }
    for batch in [longKey, longValue, longBatch] {
      await #expect(throws: StoreError.tooLarge) { try await store.commit(batch) }
    }
    #expect(store.count == 0)
    var largest = Batch()
    largest.put(Key([UInt8](repeating: 1, count: 1024)), [UInt8](repeating: 1, count: 1 << 20))
    #expect(try await store.commit(largest) == 1)
  }

  @Test func `closing waits for what is queued, and refuses what comes later`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    async let first = store.put("a", "1")
    async let second = store.put("b", "2")
    _ = try await (first, second)
    store.close()
    store.close()
    await #expect(throws: StoreError.closed) { try await store.put("c", "3") }
    #expect(store.contents == ["a": "1", "b": "2"])
    #expect(try Store.open(on: disk).contents == ["a": "1", "b": "2"])
  }

  @Test func `an empty batch only checks, and writes nothing`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    try await store.put("a", "1")
    let syncs = disk.syncs
    var batch = Batch()
    batch.require("a", version: 1)
    #expect(try await store.commit(batch) == 1)
    batch.require("b", version: 1)
    await #expect(throws: StoreError.conflict) { try await store.commit(batch) }
    #expect(disk.syncs == syncs)
  }
}
