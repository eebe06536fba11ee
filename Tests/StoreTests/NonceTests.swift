import Linux
import Store
import Synchronization
import Testing

/// Every use of a data key that ever reached a file, and whether two of them share a nonce.
struct NonceUses {
  /// By data key and sequence number, which is the nonce: the first bytes of what was sealed.
  private var samples: [[UInt8]: [UInt8]] = [:]
  /// The data keys of headers that were opened before.
  private var keys: [[UInt8]: [UInt8]] = [:]
  private let thief = Thief()
  private(set) var duplicates: [String] = []

  /// How many uses were seen.
  var count: Int { samples.count }

  /// Looks at everything that was ever written to the disk, also what has no name or no header any
  /// more.
  mutating func take(_ disk: MemoryDisk) {
    let state = disk.state.withLock { $0 }
    for content in state.files.values { take(content.written) }
    for content in state.destroyed { take(content) }
  }

  mutating func take(_ file: [UInt8]) {
    guard file.count > 4096, file.starts(with: "linkdlog".utf8) else { return }
    let header = Array(file.prefix(136))
    // A header that was not written whole has no records behind it.
    guard let key = keys[header] ?? (try? thief.dataKey(of: header)) else { return }
    keys[header] = key
    var place = 4096
    while let start = file.span.firstIndex(of: UInt8(ascii: "R"), from: place) {
      place = start + 1
      guard start + 48 <= file.count, file[start..<start + 4].elementsEqual("Rec1".utf8) else {
        continue
      }
      take(sample: Array(file[start + 32..<start + 48]), key + file[start + 16..<start + 24])
    }
  }

  private mutating func take(sample: [UInt8], _ use: [UInt8]) {
    guard let other = samples.updateValue(sample, forKey: use), other != sample else { return }
    // Of a write that was cut short, zeros stand where the rest would be.
    let cut = [sample, other].contains { $0.suffix(2) == [0, 0] }
    if !cut { duplicates.append("\(use)") }
  }
}

struct NonceTests {
  /// Opens, writes and crashes again and again, one store after another; every plaintext is different,
  /// so that no two seals of one nonce look alike.
  static func uses(cycles: Int, seed: UInt64 = 90) -> NonceUses {
    var uses = NonceUses()
    var random = SeededGenerator(seed: seed)
    var disk = MemoryDisk()
    for cycle in 0..<cycles {
      if cycle.isMultiple(of: 25) { disk = MemoryDisk() }
      disk.set(.fail(number: Int.random(in: 20...120, using: &random), errno: 5, forever: true))
      if var log = try? Log.open(on: disk, markOn: disk, keys: masterKeys, segmentLength: 6144) {
        for group in 0..<3 {
          _ = log.commit(
            (0..<2).map { number in
              var batch = Batch()
              batch.put("\(cycle)/\(group)/\(number)", [UInt8](repeating: 7, count: 300))
              batch.delete("\(cycle - 1)/\(group)/\(number)")
              return batch
            })
          if group == 1, cycle.isMultiple(of: 5), let compaction = try? log.beginCompaction() {
            log.endedCompaction(compaction.run())
          }
        }
      }
      uses.take(disk)
      disk =
        Bool.random(using: &random)
        ? disk.afterPowerLoss(&random) : MemoryDisk(files: disk.files)
    }
    return uses
  }

  @Test func `T90: in 10,000 crashes no data key ever seals under one nonce twice`() async {
    // Stores of their own, on as many processors as there are.
    let uses = await withTaskGroup(of: NonceUses.self, returning: [NonceUses].self) { group in
      for seed in 0..<8 as Range<UInt64> {
        group.addTask { Self.uses(cycles: 1250, seed: 90 + seed) }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(uses.map(\.count).reduce(0, +) > 10_000)
    #expect(uses.flatMap(\.duplicates) == [])
  }

  @Test func `T90: two seals under one nonce would be seen`() async throws {
    var whole = try await Specimen.make(count: 2)
    var uses = NonceUses()
    uses.take(whole.segment)
    #expect(uses.count == 2 && uses.duplicates.isEmpty)
    whole.segment[whole.records[1].lowerBound + 33] ^= 1
    uses.take(whole.segment)
    #expect(uses.duplicates.count == 1)
  }

  @Test func `T121: a data key is replaced before it has sealed as much as it may`() throws {
    let disk = MemoryDisk()
    var log = try Log.open(
      on: disk, markOn: disk, keys: masterKeys, segmentLength: 1 << 16, recordsPerDataKey: 3)
    for number in 0..<10 {
      var batch = Batch()
      batch.put("\(number)", [1])
      #expect(log.commit([batch]).map { try? $0.get() } == [UInt64(number + 1)])
    }
    let segments = disk.files.filter { $0.key.hasSuffix(".log") }.mapValues(Layout.init)
    #expect(segments.sorted { $0.key < $1.key }.map(\.value.records.count) == [3, 3, 3, 1])
    var uses = NonceUses()
    uses.take(disk)
    #expect(uses.count == 10)
    // As much as that is, of 2^32 random nonces; ours are counted.
    #expect((1 << 31..<1 << 32).contains(Limits.recordsPerDataKey))
  }
}
