import Glibc
import Linux
import OpenSSL
import Store
import Testing

/// Looking at stores, copying and repairing them.
struct ToolTests {
  /// A disk with a snapshot and two segments, closed.
  static func filled() async throws -> MemoryDisk {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    for number in 0..<10 { try await store.put("a\(number)", "1") }
    try await store.compact()
    for number in 0..<14 { try await store.put("b\(number)", "22") }
    store.close()
    return disk
  }

  static func names(_ disk: MemoryDisk, _ suffix: String) -> [String] {
    disk.files.keys.filter { $0.hasSuffix(suffix) }.sorted()
  }

  // Inspection.

  @Test func `with the key everything is counted, without it the form is checked`() async throws {
    let disk = try await Self.filled()
    let before = disk.files
    let found = try Inspection(disk: disk, keys: masterKeys)
    #expect(found.count == 24 && found.contentLength == 10 * 3 + 10 * 4 + 4 * 5)
    #expect(found.lastSequence == 24 && found.markedSequence == 24 && found.torn == nil)
    #expect(found.files.map(\.name) == Self.names(disk, ".snapshot") + Self.names(disk, ".log"))
    #expect(Set(found.files.map(\.masterKeyVersion)) == [1])
    let blind = try Inspection(disk: disk, keys: nil)
    #expect(blind.files == found.files && blind.lastSequence == 24 && blind.count == 0)
    #expect(disk.files == before)
  }

  @Test func `without the key a changed bit of any file is seen, and a torn end told`() async throws
  {
    let disk = try await Self.filled()
    for (name, bytes) in disk.files where name != "high-water-mark" {
      for position in stride(from: 0, to: bytes.count, by: 13) where bytes[position] != 0 {
        var changed = disk.files
        changed[name]?[position] ^= 4
        let damaged = MemoryDisk(files: changed)
        #expect(throws: StoreError.self, "\(name) \(position)") {
          try Inspection(disk: damaged, keys: nil)
        }
      }
    }
    var specimen = try await Specimen.make(count: 3)
    specimen.segment.removeLast()
    for keys in [nil, masterKeys] {
      let found = try Inspection(disk: specimen.disk, keys: keys)
      #expect(found.torn?.file == specimen.name)
      #expect(found.torn?.offset == specimen.records[1].upperBound)
    }
  }

  // Backup and restore. T92.

  /// Writes one step after the other, each in the place of the fiftieth before it.
  private static func write(_ store: Store, _ writer: Int) async throws {
    var step = 0
    while !Task.isCancelled {
      try await store.put(Key("w\(writer)/\(step % 50)"), "\(step)")
      step += 1
    }
  }

  @Test func `a backup made under writers is what had happened until some moment`() async throws {
    let scratch = try Scratch()
    var configuration = Store.Configuration()
    configuration.segmentLength = 16_384
    configuration.compactionLength = 50_000
    let path = "\(scratch.path)/store"
    let store = try Store.open(directory: path, keys: masterKeys, configuration: configuration)
    let writers = (0..<4).map { writer in Task { try await Self.write(store, writer) } }
    var newest: [Int: Int] = [:]
    for round in 0..<8 {
      let promised = try await store.put("promised", "\(round)")
      let (backup, target) = ("\(scratch.path)/backup-\(round)", "\(scratch.path)/copy-\(round)")
      try Backup.make(of: path, in: backup)
      try Backup.restore(backup, to: target, keys: masterKeys)
      let copy = try Store.open(directory: target, keys: masterKeys)
      #expect(copy.value(for: "promised")?.version == promised)
      var versions = [promised]
      for writer in 0..<4 {
        let found = copy.entries(withPrefix: Key("w\(writer)/"), limit: 100).map(\.1)
        versions += found.map(\.version)
        // The last steps of each up to one of them, and none of before or after.
        let steps = found.compactMap { Int($0.text) }.sorted()
        let last = steps.last ?? -1
        #expect(steps == Array(max(0, last - 49)..<last + 1), "round \(round), writer \(writer)")
        // And none that an earlier copy had is gone.
        #expect(last >= newest[writer] ?? -1, "round \(round), writer \(writer)")
        newest[writer] = last
        // In the order in which they were written.
        let byVersion = found.sorted { $0.version < $1.version }.compactMap { Int($0.text) }
        #expect(byVersion == steps, "round \(round), writer \(writer)")
      }
      #expect(Set(versions).count == versions.count)
      copy.close()
    }
    #expect(newest.values.allSatisfy { $0 > 50 })
    for writer in writers { writer.cancel() }
    for writer in writers { try? await writer.value }
    store.close()
    _ = try Inspection(directory: path, keys: masterKeys)
  }

  @Test func `a backup is restored where nothing is, under its key only`() async throws {
    let scratch = try Scratch()
    let (path, backup) = ("\(scratch.path)/store", "\(scratch.path)/backup")
    var store = try Store.open(directory: path, keys: masterKeys)
    for number in 0..<20 { try await store.put("k\(number)", "\(number)") }
    try Backup.make(of: path, in: backup)
    try await store.put("later", "lost")
    store.close()
    #expect(throws: StoreError.notEmpty(path: path)) {
      try Backup.restore(backup, to: path, keys: masterKeys)
    }
    #expect(throws: StoreError.notEmpty(path: backup)) { try Backup.make(of: path, in: backup) }
    let target = "\(scratch.path)/restored"
    #expect(throws: StoreError.self) {
      try Backup.restore(backup, to: target, keys: testKeys([1: 0x77]))
    }
    try Backup.restore(backup, to: target, keys: masterKeys)
    store = try Store.open(directory: target, keys: masterKeys)
    #expect(store.count == 20 && store.value(for: "k7")?.text == "7")
  }

  @Test func `a copy that a crash interrupts is whole or not taken for a store`() async throws {
    let source = try await Self.filled()
    let healthy = MemoryDisk()
    try Backup.copy(from: source, to: healthy)
    for number in 1...healthy.operations {
      let target = MemoryDisk()
      target.set(.fail(number: number, errno: 5, forever: true))
      let isDone = (try? Backup.copy(from: source, to: target)) != nil
      for seed in 0..<4 {
        var random = SeededGenerator(seed: UInt64(number * 10 + seed))
        let left = target.afterPowerLoss(&random)
        let opened = try? Inspection(disk: left, keys: masterKeys)
        #expect(opened.map { $0.count == 24 } ?? !isDone, "operation \(number), seed \(seed)")
      }
    }
  }

  // Repair.

  @Test func `what is before the damage is kept, the rest set aside`() async throws {
    let disk = try await Self.filled()
    let name = try #require(Self.names(disk, ".log").first)
    var files = disk.files
    let layout = Layout(files[name] ?? [])
    files[name]?[layout.records[3].lowerBound + 40] ^= 1
    let damaged = MemoryDisk(files: files)
    #expect(throws: StoreError.self) { try Store.open(on: damaged) }
    let repair = try #require(try Repair.run(on: damaged, keys: masterKeys))
    #expect(
      repair.damages.map(\.isDamage) == [true] && repair.count == 13 && repair.lastSequence == 13)
    #expect(repair.setAside == Self.names(disk, ".log").map { $0 + ".damaged" })
    #expect(damaged.files[name + ".damaged"] == files[name])
    let store = try Store.open(on: damaged)
    #expect(store.count == 13 && store.value(for: "b2") != nil && store.value(for: "b3") == nil)
    // No number is given twice.
    #expect(try await store.put("new", "1") > 1 << 32)
    store.close()
    #expect(try Repair.run(on: damaged, keys: masterKeys) == nil)
  }

  @Test func `a lost mark, a lost segment and a damaged snapshot can be repaired`() async throws {
    let disk = try await Self.filled()
    var withoutMark = disk.files
    withoutMark["high-water-mark"] = nil
    var withoutLast = disk.files
    withoutLast[try #require(Self.names(disk, ".log").last)] = nil
    var snapshot = disk.files
    snapshot[try #require(Self.names(disk, ".snapshot").first)]?[4200] ^= 1
    for (files, count) in [(withoutMark, 24), (withoutLast, nil), (snapshot, 0)] {
      let disk = MemoryDisk(files: files)
      let repair = try #require(try Repair.run(on: disk, keys: masterKeys))
      let opened = try Store.open(on: disk)
      #expect(repair.count == opened.count && repair.damages.count == 1)
      if let count { #expect(opened.count == count) }
    }
    // Nor is a wrong key damage.
    let before = disk.files
    #expect(throws: StoreError.self) { try Repair.run(on: disk, keys: testKeys([1: 0x12])) }
    #expect(disk.files == before)
  }

  @Test func `of a snapshot that is damaged, what stands before the damage is kept`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    var batch = Batch()
    for number in 0..<9 { batch.put("k\(number)", [UInt8](repeating: 7, count: 100_000)) }
    _ = try await store.commit(batch)
    try await store.compact()
    store.close()
    let name = try #require(Self.names(disk, ".snapshot").first)
    var files = disk.files
    files[name]?[700_000] ^= 1
    let damaged = MemoryDisk(files: files)
    // A record of a snapshot holds three of them.
    #expect(try Repair.run(on: damaged, keys: masterKeys)?.count == 6)
    #expect(try Store.open(on: damaged).count == 6)
  }

  @Test(arguments: ["log", "mark", "stranger"])
  func `a crash during a repair leaves what was there or what was repaired`(
    _ kind: String
  ) async throws {
    var files = try await Self.filled().files
    var (name, count) = ("high-water-mark", 24)
    switch kind {
    case "log":
      name = try #require(files.keys.filter { $0.hasSuffix(".log") }.min())
      files[name]?[4130] ^= 1
      count = 10
    case "mark": files[name] = [UInt8](repeating: 1, count: 5000)
    default:
      name = "fffffffffffffffe.log"
      files[name] = [1]
    }
    let healthy = MemoryDisk(files: files)
    _ = try Repair.run(on: healthy, keys: masterKeys)
    for number in 1...healthy.operations {
      let damaged = MemoryDisk(files: files)
      damaged.set(.fail(number: number, errno: 5, forever: true))
      _ = try? Repair.run(on: damaged, keys: masterKeys)
      for seed in 0..<4 {
        var random = SeededGenerator(seed: UInt64(number * 10 + seed))
        let left = damaged.afterPowerLoss(&random)
        let context = "operation \(number), seed \(seed)"
        _ = try Repair.run(on: left, keys: masterKeys)
        #expect(try Store.open(on: left).count == count, "\(context)")
        #expect(left.files[name + ".damaged"] == files[name], "\(context)")
      }
    }
  }

  // The master key file. T119.

  @Test func `a key is added to the file and older ones removed, each in one step`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/master.key"
    try MasterKeys.generate(file: path)
    let first = try scratch.read("master.key")
    try scratch.write("master.key.tmp", "left by a crash")
    #expect(try MasterKeys.addVersion(file: path).versions == [1, 2])
    let second = try scratch.read("master.key")
    #expect(second.starts(with: first) && second.count > first.count)
    #expect(try MasterKeys.load(file: path).currentVersion == 2)
    #expect(try MasterKeys.removeOlderVersions(file: path).versions == [2])
    #expect(try scratch.read("master.key") == Array(second.dropFirst(first.count)))
    #expect(try scratch.names == ["master.key"])
  }

  @Test func `which key versions are needed can be read from the files alone`() async throws {
    let scratch = try Scratch()
    let keys = testKeys([1: 0x11, 2: 0x22])
    func files() throws -> [String] {
      try Inspection.sealedFiles(in: scratch.path).map {
        "\($0.name.dropFirst(15)) \($0.masterKeyVersion)"
      }
    }
    let store = try Store.open(directory: scratch.path, keys: masterKeys)
    #expect(try files() == [])
    try await store.put("a", "1")
    #expect(try files() == ["1.log 1"])
    let segment = try scratch.read("0000000000000001.log")
    try await store.compact(under: keys)
    #expect(try files() == ["2.snapshot 2"])
    try await store.put("b", "2")
    #expect(try files() == ["2.snapshot 2", "3.log 2"])
    // What a repair leaves.
    try scratch.write("0000000000000001.log.damaged", segment)
    #expect(try files() == ["1.log.damaged 1", "2.snapshot 2", "3.log 2"])
    #expect(try Inspection.sealedFiles(in: scratch.path).map(\.isSetAside) == [true, false, false])
  }
}
