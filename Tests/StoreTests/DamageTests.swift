import Store
import Testing

/// Files that are not as they were written.
struct DamageTests {
  // T78.
  @Test func `a last record torn at any byte is taken back and kept aside`() async throws {
    let whole = try await Specimen.make(count: 3)
    let last = try #require(whole.records.last)
    for end in last.lowerBound..<last.upperBound {
      for zeros in [0, 4096] {
        var torn = whole
        torn.segment.removeSubrange(end...)
        torn.segment += [UInt8](repeating: 0, count: zeros)
        let opened = try torn.open()
        #expect(opened.count == 2)
        // At the first byte there is nothing torn, only free space.
        #expect((opened.torn == nil) == (end == last.lowerBound))
        if let name = opened.torn {
          let kept = try #require(opened.disk.files[name])
          #expect(Array(torn.segment.suffix(kept.count)) == kept)
        }
        let again = try Store.open(on: opened.disk)
        #expect(again.count == 2 && again.tornFile == nil)
      }
    }
  }

  // T79, all bits of a small log instead of a sample of a large one.
  @Test func `every flipped bit is detected, or in the last record and then taken back`()
    async throws
  {
    let whole = try await Specimen.make(count: 3, valueLength: 10)
    for place in Array(0..<200) + Array(4090..<whole.segment.count) {
      for bit in 0..<8 { whole.expectDetection(ofFlip: bit, at: place) }
    }
  }

  // T79: with the place; by twos, as there are processors.
  @Test(arguments: [79, 80] as [UInt64])
  func `T79: 10,000 flipped bits of a 64 KiB log are detected where they are`(
    _ seed: UInt64
  ) async throws {
    let whole = try await Specimen.makeLarge()
    var random = SeededGenerator(seed: seed)
    for _ in 0..<10_000 {
      let place = Int.random(in: whole.segment.indices, using: &random)
      whole.expectDetection(ofFlip: Int.random(in: 0..<8, using: &random), at: place)
    }
  }

  // T80.
  @Test(arguments: [512, 4096])
  func `a zeroed sector is taken back at the end and refused elsewhere`(_ length: Int) async throws
  {
    let whole = try await Specimen.make(count: 12, valueLength: 700)
    let last = try #require(whole.records.last)
    for start in stride(from: 0, to: whole.segment.count, by: length) {
      let range = start..<min(start + length, whole.segment.count)
      var changed = whole
      changed.segment.replaceSubrange(range, with: repeatElement(0, count: range.count))
      guard changed.segment != whole.segment else { continue }
      let opened = try? changed.open()
      // Where the last record begins in the range, nothing is left to testify to those before it:
      // that is what the high-water mark is for, which has not moved here.
      #expect((opened != nil) == (range.upperBound > last.lowerBound), "sector at \(start)")
      let before = whole.records.filter { $0.upperBound <= range.lowerBound }.count
      if let opened { #expect(opened.count == before) }
    }
  }

  // T81.
  @Test func `records swapped, removed or repeated are refused`() async throws {
    let whole = try await Specimen.make(count: 4)
    let records = whole.records
    #expect(Set(records.map(\.count)).count == 1)
    func arranged(_ order: [Int]) -> Specimen {
      var changed = whole
      for (place, source) in order.enumerated() {
        let start = records[0].lowerBound + place * 512
        let bytes = whole.segment[records[source]]
        let missing = start + bytes.count - changed.segment.count
        if missing > 0 { changed.segment += [UInt8](repeating: 0, count: missing) }
        changed.segment.replaceSubrange(start..<start + bytes.count, with: bytes)
      }
      let end = records[0].lowerBound + (order.count - 1) * 512 + records[0].count
      changed.segment.removeSubrange(min(end, changed.segment.count)...)
      return changed
    }
    #expect(try arranged([0, 1, 2, 3]).open().count == 4)
    for order in [
      [1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3], [0, 2, 3], [1, 2, 3], [0, 0, 1, 2, 3],
    ] {
      #expect(throws: StoreError.self, "\(order)") { try arranged(order).open() }
    }
    #expect(throws: StoreError.self) { try arranged([0, 1, 2, 2]).open() }
  }

  // T81: the same place in the same history, but another store.
  @Test func `a record or a segment of another store is refused`() async throws {
    let (one, other) = (try await Specimen.make(count: 3), try await Specimen.make(count: 3))
    var spliced = one
    spliced.segment.replaceSubrange(one.records[1], with: other.segment[other.records[1]])
    #expect(throws: StoreError.tampered(file: one.name, offset: one.records[1].lowerBound)) {
      try spliced.open()
    }
    var replaced = one
    replaced.segment = other.segment
    #expect(throws: StoreError.tampered(file: one.name, offset: 0)) { try replaced.open() }
  }

  @Test func `a group that lost a sector is taken back even if its end was written`() throws {
    let disk = MemoryDisk()
    var log = try Log.open(on: disk, markOn: disk, keys: masterKeys, segmentLength: 1 << 16)
    for group in 0..<3 {
      let outcomes = log.commit(
        (0..<4).map { number in
          var batch = Batch()
          batch.put("\(group)/\(number)", [UInt8](repeating: 7, count: 600))
          return batch
        })
      #expect(outcomes.map { try? $0.get() } == (1...4).map { UInt64(group * 4 + $0) })
    }
    let files = disk.files
    let segment = try #require(files["0000000000000001.log"])
    let whole = Specimen(mark: try #require(files["high-water-mark"]), segment: segment)
    #expect(whole.records.count == 12)
    for group in 0..<3 {
      let start = whole.records[group * 4].lowerBound
      #expect(start % 512 == 0)
      var changed = whole
      changed.segment.replaceSubrange(start..<start + 512, with: repeatElement(0, count: 512))
      if group == 2 {
        let opened = try changed.open()
        #expect(opened.count == 8 && opened.torn != nil)
      } else {
        // The next group says that this one was synced.
        #expect(throws: StoreError.self) { try changed.open() }
      }
      // A changed bit is no lost sector: what follows shows that the group was written as a whole.
      changed = whole
      changed.segment[start + 100] ^= 1
      #expect(throws: StoreError.self) { try changed.open() }
    }
  }

  // T82.
  @Test func `an older copy, a lost segment and a lost mark are refused`() async throws {
    let disk = MemoryDisk()
    var store = try Store.open(on: disk)
    for number in 0..<30 { try await store.put("k\(number)", "v") }
    store.close()
    let old = disk.files
    store = try Store.open(on: disk)
    for number in 0..<30 { try await store.put("k\(number)", "w") }
    store.close()
    let new = disk.files
    let segments = new.keys.filter { $0.hasSuffix(".log") }.sorted()
    #expect(try Store.open(on: MemoryDisk(files: new)).count == 30)

    var rolledBack = old
    rolledBack["high-water-mark"] = new["high-water-mark"]
    var withoutLast = new
    withoutLast[try #require(segments.last)] = nil
    var withoutSegments = new
    for name in segments { withoutSegments[name] = nil }
    var withoutMark = new
    withoutMark["high-water-mark"] = nil
    for files in [rolledBack, withoutLast, withoutSegments, withoutMark] {
      do throws(StoreError) {
        _ = try Store.open(on: MemoryDisk(files: files))
        Issue.record("opened what is not all there")
      } catch { #expect(error.isRollback, "\(error)") }
    }
    var withoutMiddle = new
    withoutMiddle[segments[segments.count / 2]] = nil
    #expect(throws: StoreError.self) { try Store.open(on: MemoryDisk(files: withoutMiddle)) }
  }

  @Test func `what was acknowledged is never taken back after a clean close`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    for number in 0..<3 { try await store.put("k\(number)", "v") }
    store.close()
    var files = disk.files
    files["0000000000000001.log"]?.removeLast(3)
    #expect(throws: StoreError.self) { try Store.open(on: MemoryDisk(files: files)) }
  }

  @Test func `refusing to open changes no file`() async throws {
    var specimen = try await Specimen.make(count: 4)
    specimen.segment[specimen.records[1].lowerBound + 60] ^= 1
    let disk = specimen.disk
    let before = disk.files
    #expect(
      throws: StoreError.damaged(
        file: specimen.name, offset: specimen.records[1].lowerBound,
        reason: "acknowledged records follow what is not a record")
    ) { try Store.open(on: disk) }
    #expect(disk.files == before)
  }

  // T118, T120.
  @Test func `another master key, or none of its version, opens nothing`() async throws {
    let disk = try await Specimen.make(count: 1).disk
    let before = disk.files
    #expect(throws: StoreError.wrongMasterKey(version: 1, file: "0000000000000001.log")) {
      try Store.open(on: disk, testKeys([1: 0x12]))
    }
    #expect(throws: StoreError.unknownMasterKey(version: 1, file: "0000000000000001.log")) {
      try Store.open(on: disk, testKeys([2: 0x11]))
    }
    #expect(disk.files == before)
  }

  @Test func `a new master key version seals new segments, the old one still opens old ones`()
    async throws
  {
    let disk = MemoryDisk()
    for versions in [[1: 0x11], [1: 0x11, 2: 0x22]] as [[UInt32: UInt8]] {
      let store = try Store.open(on: disk, testKeys(versions))
      try await store.put("k\(versions.count)", "v")
      store.close()
    }
    #expect(try Store.open(on: disk, testKeys([1: 0x11, 2: 0x22])).count == 2)
    #expect(throws: StoreError.unknownMasterKey(version: 2, file: "0000000000000002.log")) {
      try Store.open(on: disk)
    }
  }

  @Test func `no file holds a key or a value in the clear`() async throws {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk)
    for number in 0..<20 { try await store.put("name-\(number)", "MARKER-\(number)") }
    store.close()
    for (name, bytes) in disk.files {
      let text = String(decoding: bytes, as: Unicode.ASCII.self)
      #expect(!text.contains("MARKER") && !text.contains("name-"), "\(name)")
    }
    #expect(!"\(store.entries(withPrefix: "", limit: 100).map(\.1))".contains("77"))
  }

  @Test func `a file of a later format is left alone`() async throws {
    var specimen = try await Specimen.make(count: 1)
    specimen.segment[8] = 2
    specimen.segment.replaceSubrange(4092..<4096, with: checksum(specimen.segment.prefix(4092)))
    #expect(throws: StoreError.unsupportedFormat(file: specimen.name, format: 2)) {
      try specimen.open()
    }
  }

  @Test(arguments: [[0], [4096], [0, 4096]])
  func `a high-water mark of a later format is left alone, by a repair too`(
    _ slots: [Int]
  ) async throws {
    var files = try await Specimen.make(count: 1).disk.files
    for slot in slots {
      files["high-water-mark"]?[slot + 8] = 2
      let crc = checksum((files["high-water-mark"] ?? [])[slot..<slot + 64])
      files["high-water-mark"]?.replaceSubrange(slot + 64..<slot + 68, with: crc)
    }
    let disk = MemoryDisk(files: files)
    let expected = StoreError.unsupportedFormat(file: "high-water-mark", format: 2)
    #expect(throws: expected) { try Store.open(on: disk) }
    #expect(throws: expected) { try Repair.run(on: disk, keys: masterKeys) }
    #expect(disk.files == files)
  }
}

extension Specimen {
  /// Changes a bit, which is told with its place, or taken back if it is in the last record.
  ///
  /// Answers whether it was refused.
  @discardableResult
  func expectDetection(ofFlip bit: Int, at place: Int) -> Bool {
    var changed = self
    changed.segment[place] ^= 1 << bit
    let (expected, context) = (damagedOffset(of: place), "byte \(place) bit \(bit)")
    do throws(StoreError) {
      let opened = try changed.open()
      #expect(expected == nil && opened.torn != nil, "\(context)")
      #expect(opened.count == records.count - 1, "\(context)")
      return false
    } catch .damaged(name, let offset, _) {
      #expect(offset == expected, "\(context)")
    } catch { Issue.record("\(context): \(error)") }
    return true
  }
}

extension StoreError {
  fileprivate var isRollback: Bool { if case .rolledBack = self { true } else { false } }
}
