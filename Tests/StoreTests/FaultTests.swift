import Linux
import Store
import Synchronization
import Testing

/// Disks that fail, and power that goes out.
struct FaultTests {
  /// What a workload was promised: for every key the version that was acknowledged.
  struct Promises: Sendable {
    var acknowledged: [String: UInt64] = [:]
    var attempted: Set<String> = []
    /// What every session was refused, in order.
    var refusals: [[StoreError]] = []
    /// Why a session could not begin.
    var notOpened: StoreError?
  }

  /// Opens the log, writes groups of three batches, each with a key of its own, and reopens it half
  /// way; stops at the first refusal to open.
  static func work(
    on disk: MemoryDisk, sessions: Range<Int> = 0..<2, _ promises: Promises = Promises()
  ) -> Promises {
    var promises = promises
    for session in sessions {
      promises.refusals.append([])
      var log: Log
      do throws(StoreError) {
        log = try Log.open(on: disk, markOn: disk, keys: masterKeys, segmentLength: 8192)
      } catch {
        promises.notOpened = error
        return promises
      }
      for step in 0..<5 {
        let keys = (0..<3).map { "\(session)/\(step)/\($0)" }
        promises.attempted.formUnion(keys)
        let outcomes = log.commit(
          keys.map { key in
            var batch = Batch()
            batch.put(Key(key), [UInt8](repeating: 7, count: 500))
            return batch
          })
        for (key, outcome) in zip(keys, outcomes) {
          promises.acknowledged[key] = try? outcome.get()
        }
        if case .failure(let error) = outcomes[0] {
          #expect(outcomes.allSatisfy { $0 == .failure(error) })
          promises.refusals[promises.refusals.count - 1].append(error)
        }
      }
      log.close()
    }
    return promises
  }

  /// Opens what is left and holds it against what was promised.
  static func check(_ disk: MemoryDisk, _ promises: Promises, _ context: String) {
    do throws(StoreError) {
      let store = try Store.open(on: disk)
      let found = store.entries(withPrefix: "", limit: 10_000)
      let versions = Dictionary(
        found.map { (String(decoding: $0.bytes, as: UTF8.self), $1.version) },
        uniquingKeysWith: { $1 })
      for (key, version) in promises.acknowledged {
        #expect(versions[key] == version, "\(context): \(key) was acknowledged and is lost")
      }
      #expect(promises.attempted.isSuperset(of: versions.keys), "\(context): never written")
      // A history without holes: no batch is there without those before it.
      #expect(versions.values.sorted() == (0..<found.count).map { UInt64($0 + 1) }, "\(context)")
      store.close()
      let again = try Store.open(on: disk)
      #expect(again.contents == store.contents && again.tornFile == nil, "\(context)")
    } catch {
      Issue.record("\(context): \(error)")
    }
  }

  // T74: a crash at every operation, each with several ways in which what was not synced is lost.
  @Test func `power loss at any step loses nothing that was acknowledged`() throws {
    let healthy = MemoryDisk()
    let complete = Self.work(on: healthy)
    #expect(complete.acknowledged.count == 30)
    for number in 1...healthy.operations {
      let disk = MemoryDisk()
      disk.set(.fail(number: number, errno: 5, forever: true))
      let promises = Self.work(on: disk)
      for seed in 0..<4 {
        var random = SeededGenerator(seed: UInt64(number * 1000 + seed))
        let context = "power loss at operation \(number), seed \(number * 1000 + seed)"
        Self.check(disk.afterPowerLoss(&random), promises, context)
      }
    }
  }

  // T74: and again while it is recovering from the first time.
  @Test func `a second power loss during recovery loses nothing either`() throws {
    let disk = MemoryDisk()
    disk.set(.fail(number: 40, errno: 5, forever: true))
    let first = Self.work(on: disk)
    #expect(!first.acknowledged.isEmpty)
    for seed in 0..<60 {
      var random = SeededGenerator(seed: UInt64(seed))
      let left = disk.afterPowerLoss(&random)
      let number = Int.random(in: 1...40, using: &random)
      left.set(.fail(number: number, errno: 5, forever: true))
      let promises = Self.work(on: left, sessions: 2..<3, first)
      let context = "power loss at operation 40 and again at \(number), seed \(seed)"
      Self.check(left.afterPowerLoss(&random), promises, context)
    }
  }

  // What a dead process has written is still in the page cache, and may never have been synced.
  @Test func `what a restarted process has shown survives a power loss`() throws {
    let healthy = MemoryDisk()
    _ = Self.work(on: healthy)
    for number in 1...healthy.operations {
      let disk = MemoryDisk()
      disk.set(.fail(number: number, errno: 5, forever: true))
      var promises = Self.work(on: disk)
      disk.set(.none)
      let store = try Store.open(on: disk)
      for (key, entry) in store.entries(withPrefix: "", limit: 100) {
        promises.acknowledged[String(decoding: key.bytes, as: UTF8.self)] = entry.version
      }
      // The power goes before the store is closed or has written anything.
      for seed in 0..<4 {
        var random = SeededGenerator(seed: UInt64(number * 1000 + seed))
        let context = "death at operation \(number), power loss later, seed \(seed)"
        Self.check(disk.afterPowerLoss(&random), promises, context)
      }
    }
  }

  @Test func `closing makes the end certain, so that nothing can be cut off it unseen`() throws {
    let disk = MemoryDisk()
    #expect(Self.work(on: disk, sessions: 0..<1).acknowledged.count == 15)
    var random = SeededGenerator(seed: 1)
    for _ in 0..<8 {
      var files = disk.afterPowerLoss(&random).files
      let last = try #require(files.keys.filter { $0.hasSuffix(".log") }.max())
      let end = try #require(Layout(files[last] ?? []).records.last?.upperBound)
      files[last]?.removeSubrange((end - 1)...)
      #expect(throws: StoreError.self) { try Store.open(on: MemoryDisk(files: files)) }
    }
  }

  // T75: EIO, ENOSPC, EDQUOT, EINTR, EBADF; once and for ever.
  @Test(arguments: [5, 28, 122, 4, 9] as [CInt], [false, true])
  func `a failing step never loses what was acknowledged`(
    _ errno: CInt, _ forever: Bool
  ) throws {
    let healthy = MemoryDisk()
    _ = Self.work(on: healthy)
    for number in 1...healthy.operations {
      let disk = MemoryDisk()
      disk.set(.fail(number: number, errno: errno, forever: forever))
      let promises = Self.work(on: disk)
      let context = "errno \(errno) at operation \(number), for ever: \(forever)"
      Self.expectNames(errno, promises, context)
      // As the next process would find it, with the page cache intact …
      Self.check(MemoryDisk(files: disk.files), promises, context)
      // … and after a power loss.
      var random = SeededGenerator(seed: UInt64(number))
      Self.check(disk.afterPowerLoss(&random), promises, context)
    }
  }

  /// What was refused has the name that this errno has, and once the log has failed it is always that.
  private static func expectNames(_ errno: CInt, _ promises: Promises, _ context: String) {
    let isFull = errno == 28 || errno == 122
    for refusals in promises.refusals {
      let final = refusals.drop { isFull && $0 == .noSpace }
      #expect(
        final.isEmpty || [.outcomeUnknown, .failed].contains(final.first), "\(context): \(refusals)"
      )
      #expect(final.dropFirst().allSatisfy { $0 == .failed }, "\(context): \(refusals)")
    }
    guard let error = promises.notOpened else { return }
    if case .disk(_, let cause) = error, cause.errno == errno { return }
    Issue.record("\(context): \(error)")
  }

  // T85.
  @Test func `a segment has its name for certain before it holds anything`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    try await store.put("a", "1")
    for seed in 0..<32 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let left = disk.afterPowerLoss(&random)
      #expect(left.files.keys.contains("0000000000000001.log"), "seed \(seed)")
    }
    store.close()
  }

  // T76: the second sync would succeed, but proves nothing about the first.
  @Test func `after one failed sync nothing is acknowledged any more`() async throws {
    let disk = MemoryDisk()
    let failures = Mutex(0)
    var configuration = Store.Configuration()
    configuration.segmentLength = 8192
    configuration.onFailure = { failures.withLock { $0 += 1 } }
    let store = try Store.open(
      on: disk, markOn: disk, keys: masterKeys, configuration: configuration)
    let version = try await store.put("a", "1")
    // A commit is a write and a sync.
    disk.set(.fail(number: disk.operations + 2, errno: 5, forever: false))
    await #expect(throws: StoreError.outcomeUnknown) { try await store.put("b", "2") }
    for _ in 0..<3 {
      await #expect(throws: StoreError.failed) { try await store.put("c", "3") }
    }
    #expect(store.contents == ["a": "1"])
    store.close()
    #expect(failures.withLock { $0 } == 1)
    let reopened = try Store.open(on: disk)
    #expect(reopened.value(for: "a")?.version == version)
    #expect(reopened.value(for: "c") == nil)
  }

  // T83 in small: the writers are told, and the store goes on when there is space again.
  @Test func `a full disk refuses what needs a new segment and nothing else`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    try await store.put("a", "1")
    disk.set(.fail(number: 0, errno: 28, forever: true))
    await #expect(throws: StoreError.noSpace) {
      try await store.put("b", String(repeating: "x", count: 8000))
    }
    #expect(store.contents == ["a": "1"])
    disk.set(.none)
    try await store.put("b", String(repeating: "x", count: 8000))
    #expect(store.count == 2)
    store.close()
    #expect(try Store.open(on: disk).count == 2)
  }

  // T83: at every step of beginning a segment, and whatever of the attempt is left.
  @Test(arguments: [false, true])
  func `a disk that is full at any step is no failure, and there is no need of a restart`(
    _ forever: Bool
  ) throws {
    // The mark, the new file, its space, its header in six writes, its sync, its name.
    for step in 1...12 {
      let disk = MemoryDisk()
      var log = try Log.open(on: disk, markOn: disk, keys: masterKeys, segmentLength: 8192)
      func put(_ key: Key, _ log: inout Log) -> Result<UInt64, StoreError>? {
        var batch = Batch()
        batch.put(key, [UInt8](repeating: 7, count: 3000))
        return log.commit([batch]).first
      }
      #expect(put("a", &log) == .success(1))
      disk.set(.fail(number: disk.operations + step, errno: 28, forever: forever))
      #expect(put("b", &log) == .failure(.noSpace), "step \(step)")
      let hasFailed = log.hasFailed
      #expect(!hasFailed)
      disk.set(.none)
      #expect(put("c", &log) == .success(2), "step \(step)")
      log.close()
      let store = try Store.open(on: disk)
      #expect(store.count == 2 && store.value(for: "b") == nil)
    }
  }
}
