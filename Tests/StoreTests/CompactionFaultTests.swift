import Store
import Testing

/// Compactions on disks that fail, and when the power goes out.
struct CompactionFaultTests {
  /// Two sessions of groups of batches, each compacted half way, with commits between the moment
  /// that the snapshot shows and its writing.
  private static func work(
    on disk: MemoryDisk, sessions: Range<Int> = 0..<2,
    _ promises: FaultTests.Promises = FaultTests.Promises()
  ) -> FaultTests.Promises {
    var promises = promises
    for session in sessions {
      guard
        var log = try? Log.open(on: disk, markOn: disk, keys: masterKeys, segmentLength: 8192)
      else { return promises }
      for step in 0..<2 { promises.commit("\(session)/\(step)", to: &log) }
      let compaction = try? log.beginCompaction()
      promises.commit("\(session)/2", to: &log)
      if let compaction { log.endedCompaction(compaction.run()) }
      promises.commit("\(session)/3", to: &log)
      log.close()
    }
    return promises
  }

  /// What a directory may hold after a store was opened: one truth and no leavings.
  private static func expectTidy(_ disk: MemoryDisk, _ context: String) {
    let names = disk.files.keys.filter { !$0.hasSuffix(".torn") && $0 != "high-water-mark" }
      .sorted()
    #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(context)")
    let snapshots = names.filter { $0.hasSuffix(".snapshot") }
    #expect(snapshots.isEmpty || snapshots == [names[0]], "\(context): \(names)")
  }

  private static func check(
    _ disk: MemoryDisk, _ promises: FaultTests.Promises, _ context: String
  ) {
    FaultTests.check(disk, promises, context)
    expectTidy(disk, context)
  }

  // T74, T84: at every operation, not only those of the compaction.
  @Test func `a crash at any step of a compaction leaves exactly one truth`() throws {
    let healthy = MemoryDisk()
    let complete = Self.work(on: healthy)
    #expect(complete.acknowledged.count == 24)
    #expect(healthy.files.keys.contains { $0.hasSuffix(".snapshot") })
    for number in 1...healthy.operations {
      let disk = MemoryDisk()
      disk.set(.fail(number: number, errno: 5, forever: true))
      let promises = Self.work(on: disk)
      // The process dies and the system goes on …
      Self.check(MemoryDisk(files: disk.files), promises, "death at operation \(number)")
      // … or the power goes.
      for seed in number * 1000..<number * 1000 + 6 {
        var random = SeededGenerator(seed: UInt64(seed))
        let context = "power loss at operation \(number), seed \(seed)"
        Self.check(disk.afterPowerLoss(&random), promises, context)
      }
    }
  }

  // T84: and again while the first crash is being recovered from.
  @Test func `a second crash during recovery leaves one truth, too`() throws {
    let healthy = MemoryDisk()
    _ = Self.work(on: healthy)
    for seed in 0..<300 {
      var random = SeededGenerator(seed: UInt64(seed))
      let (first, second) = (
        Int.random(in: 1...healthy.operations, using: &random),
        Int.random(in: 1...40, using: &random)
      )
      let disk = MemoryDisk()
      disk.set(.fail(number: first, errno: 5, forever: true))
      let before = Self.work(on: disk)
      let left =
        Bool.random(using: &random)
        ? disk.afterPowerLoss(&random) : MemoryDisk(files: disk.files)
      left.set(.fail(number: second, errno: 5, forever: true))
      let promises = Self.work(on: left, sessions: 2..<3, before)
      let context = "crashes at \(first) and \(second), seed \(seed)"
      Self.check(left.afterPowerLoss(&random), promises, context)
    }
  }

  // T75.
  @Test(arguments: [5, 28] as [CInt], [false, true])
  func `a step of a compaction that fails loses nothing`(
    _ errno: CInt, _ forever: Bool
  ) throws {
    let healthy = MemoryDisk()
    _ = Self.work(on: healthy)
    for number in 1...healthy.operations {
      let disk = MemoryDisk()
      disk.set(.fail(number: number, errno: errno, forever: forever))
      let promises = Self.work(on: disk)
      let context = "errno \(errno) at operation \(number), for ever: \(forever)"
      Self.check(MemoryDisk(files: disk.files), promises, context)
      var random = SeededGenerator(seed: UInt64(number))
      Self.check(disk.afterPowerLoss(&random), promises, context)
    }
  }

  @Test func `a compaction for which there is no room changes nothing`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    try await store.put("a", "1")
    // The mark is raised by a write and a sync, the segment is cut; then comes the snapshot.
    for number in 4...7 {
      disk.set(.fail(number: disk.operations + number, errno: 28, forever: false))
      await #expect(throws: StoreError.noSpace) { try await store.compact() }
      try await store.put("a", "\(number)")
    }
    disk.set(.none)
    try await store.compact()
    store.close()
    #expect(try Store.open(on: disk).contents == ["a": "7"])
    #expect(disk.files.count == 2)
  }

  // T83. Only a sync of names that fails leaves what is on the disk in doubt.
  @Test(arguments: [28, 122] as [CInt])
  func `a disk that is full at any step of a compaction is no failure`(_ errno: CInt) async throws {
    func filled(_ disk: MemoryDisk) async throws -> Store {
      let store = try Store.open(on: disk)
      for number in 0..<9 { try await store.put("a", "\(number)") }
      return store
    }
    let healthy = MemoryDisk()
    let whole = try await filled(healthy)
    let before = healthy.operations
    try await whole.compact()
    var failed = 0
    for number in 1...healthy.operations - before {
      let disk = MemoryDisk()
      let store = try await filled(disk)
      disk.set(.fail(number: disk.operations + number, errno: errno, forever: false))
      do throws(StoreError) { try await store.compact() } catch .failed { failed += 1 } catch {
        #expect(error == .noSpace, "operation \(number)")
      }
      if (try? await store.put("a", "new")) != nil {
        try await store.compact()
        #expect(disk.files.count == 2, "operation \(number): \(disk.files.keys)")
      }
      store.close()
      #expect(try Store.open(on: disk).contents == store.contents, "operation \(number)")
    }
    #expect(failed == 1)
  }
}

extension FaultTests.Promises {
  /// Commits a group of three batches, each with a key of its own.
  fileprivate mutating func commit(_ group: String, to log: inout Log) {
    let keys = (0..<3).map { "\(group)/\($0)" }
    attempted.formUnion(keys)
    let outcomes = log.commit(
      keys.map { key in
        var batch = Batch()
        batch.put(Key(key), [UInt8](repeating: 7, count: 500))
        return batch
      })
    for (key, outcome) in zip(keys, outcomes) { acknowledged[key] = try? outcome.get() }
  }
}
