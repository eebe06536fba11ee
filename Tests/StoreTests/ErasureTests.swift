import Store
import Testing

/// What was deleted, for somebody who has the disk and its master key.
struct ErasureTests {
  /// A store that had three secrets: one was deleted, one overwritten, one is still needed.
  ///
  /// All were in a snapshot once.
  private static func filled(_ disk: MemoryDisk) async throws -> Store {
    let store = try Store.open(on: disk)
    try await store.put("gone", "FIRST SECRET")
    try await store.put("changed", "SECOND SECRET")
    try await store.put("kept", "THIRD SECRET")
    try await store.compact()
    try await store.put("gone", "FOURTH SECRET")
    var batch = Batch()
    batch.delete("gone")
    _ = try await store.commit(batch)
    try await store.put("changed", "nothing")
    return store
  }

  private static let secrets = ["FIRST SECRET", "SECOND SECRET", "FOURTH SECRET"]

  @Test func `T126: once it is erased nothing on the disk yields what was deleted`() async throws {
    let disk = MemoryDisk()
    let store = try await Self.filled(disk)
    let before = Thief.on(disk)
    // He can read at all: a deletion alone only says that something is deleted.
    #expect((Self.secrets + ["THIRD SECRET"]).allSatisfy(before.has))
    #expect(!Thief.on(disk, masterKey: 0x12).has("SECRET"))
    try await store.eraseReplaced()
    let after = Thief.on(disk)
    #expect(!Self.secrets.contains(where: after.has))
    #expect(after.has("THIRD SECRET"))
    // There is nothing left to do.
    let files = disk.files
    try await store.eraseReplaced()
    #expect(disk.files == files)
    store.close()
    #expect(try Store.open(on: disk).contents == ["changed": "nothing", "kept": "THIRD SECRET"])
  }

  @Test func `T126: nor after a crash at any step, once the next process has erased it`()
    async throws
  {
    var number = 1
    var isDone = false
    while !isDone {
      let disk = MemoryDisk()
      let store = try await Self.filled(disk)
      disk.set(.fail(number: disk.operations + number, errno: 5, forever: true))
      isDone = (try? await store.eraseReplaced()) != nil
      store.close()
      disk.set(.none)
      let next = try Store.open(on: disk)
      try await next.eraseReplaced()
      let thief = Thief.on(disk)
      #expect(!Self.secrets.contains(where: thief.has), "death at operation \(number)")
      #expect(thief.has("THIRD SECRET"))
      next.close()
      number += 1
    }
    #expect(number > 20)
  }

  @Test func `T126: what was cut off and written anew at a start lives on nowhere else`()
    async throws
  {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    try await store.put("gone", "FIRST SECRET")
    // As a kill leaves it: the mark is behind, so the segment is written anew.
    let left = MemoryDisk(files: disk.files)
    store.close()
    let next = try Store.open(on: left)
    var batch = Batch()
    batch.delete("gone")
    _ = try await next.commit(batch)
    #expect(Thief.on(left).has("FIRST SECRET"))
    try await next.eraseReplaced()
    #expect(!Thief.on(left).has("FIRST SECRET"))
    next.close()
  }

  @Test func `who waits for an erasure is answered for what was replaced before`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk, segmentLength: 65_536)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<16 {
        group.addTask {
          for step in 0..<5 {
            let secret = "SECRET-\(task)-\(step)."
            try await store.put(Key("\(task)"), secret)
            var batch = Batch()
            batch.delete(Key("\(task)"))
            _ = try await store.commit(batch)
            try await store.eraseReplaced()
            #expect(!Thief.on(disk).has(secret))
          }
        }
      }
      try await group.waitForAll()
    }
    store.close()
    await #expect(throws: StoreError.closed) { try await store.eraseReplaced() }
  }

  @Test func `what cannot be erased is not said to be`() async throws {
    let disk = SnapshotlessDisk()
    let store = try await Self.filled(disk.memory, on: disk)
    disk.refuse(with: 28)
    await #expect(throws: StoreError.noSpace) { try await store.eraseReplaced() }
    await #expect(throws: StoreError.noSpace) { try await store.eraseReplaced() }
    disk.refuse(with: nil)
    try await store.eraseReplaced()
    #expect(!Self.secrets.contains(where: Thief.on(disk.memory).has))
    store.close()
  }

  // T126: the file of a snapshot that was given up, and that could not be destroyed or removed, too.
  @Test(arguments: 1...3)
  func `what an abandoned compaction has written is no more readable than the rest`(
    _ failures: Int
  ) async throws {
    let healthy = MemoryDisk()
    let whole = try await Self.filled(healthy)
    let before = healthy.operations
    try await whole.eraseReplaced()
    whole.close()
    let count = healthy.operations - before
    #expect(count > 20)
    for number in 1...count {
      let disk = MemoryDisk()
      var store = try await Self.filled(disk)
      let first = disk.operations + number
      disk.set(.failSome(first..<first + failures, errno: 5))
      try? await store.eraseReplaced()
      disk.set(.none)
      do throws(StoreError) {
        try await store.delete("kept")
        try await store.eraseReplaced()
      } catch {
        // Whoever cannot be certain says so; the next process has it all before it.
        #expect(error == .failed, "operation \(number)")
        store.close()
        store = try Store.open(on: disk)
        try await store.delete("kept")
        try await store.eraseReplaced()
      }
      #expect(!Thief.on(disk).has("SECRET"), "\(failures) failures from operation \(number) on")
      store.close()
    }
  }

  private static func filled(_ memory: MemoryDisk, on disk: SnapshotlessDisk) async throws -> Store
  {
    try await filled(memory).close()
    return try Store.open(on: disk)
  }
}
