import Store

/// Where the records of a segment are, found by the rules of FORMAT.md and not by the code under
/// test.
struct Layout {
  let records: [Range<Int>]

  init(_ file: [UInt8]) {
    var records: [Range<Int>] = []
    var offset = 4096
    while offset + 8 <= file.count {
      if file[offset] == 0 {
        let aligned = (offset + 511) / 512 * 512
        offset = aligned > offset ? aligned : file.count
        continue
      }
      guard Array(file[offset..<offset + 4]) == Array("Rec1".utf8) else { break }
      let length = file[offset + 4..<offset + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
      records.append(offset..<offset + 52 + length)
      offset += 52 + length
    }
    self.records = records
  }
}

/// The files of a store with `count` records in its one segment, as a crash right after the last
/// acknowledgement leaves them: the high-water mark is still at the beginning.
struct Specimen {
  let name = "0000000000000001.log"
  let mark: [UInt8]
  var segment: [UInt8]

  /// With the segment's free space gone, so that its end is the last record's.
  static func make(count: Int, valueLength: Int = 40) async throws -> Specimen {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk, segmentLength: 1 << 16)
    for number in 1...count {
      try await store.put(Key("\(number)"), String(repeating: "v", count: valueLength))
    }
    let files = disk.files
    let segment = files["0000000000000001.log"] ?? []
    let end = Layout(segment).records.last?.upperBound ?? 0
    return Specimen(
      mark: files["high-water-mark"] ?? [], segment: Array(segment.prefix(end)))
  }

  /// A log of 64 KiB in one segment.
  static func makeLarge() async throws -> Specimen {
    let disk = MemoryDisk()
    let store = try Store.open(on: disk, segmentLength: 1 << 17)
    var (number, written) = (0, 4096)
    while written < 1 << 16 {
      let length = 40 + number * 37 % 900
      try await store.put(Key("\(number)"), String(repeating: "v", count: length))
      number += 1
      written += (length + 70 + 511) / 512 * 512
    }
    let files = disk.files
    let segment = files["0000000000000001.log"] ?? []
    let end = Layout(segment).records.last?.upperBound ?? 0
    return Specimen(mark: files["high-water-mark"] ?? [], segment: Array(segment.prefix(end)))
  }

  /// Where damage of this byte must be told, by the rules of FORMAT.md; nil if it is in the last record,
  /// and looks like a write that was cut short.
  func damagedOffset(of place: Int) -> Int? {
    let records = records
    guard place < records.last?.lowerBound ?? 0 else { return nil }
    guard place >= 4096 else { return 0 }
    // In a record, or in the padding behind one.
    let record = records.last { $0.lowerBound <= place } ?? 0..<0
    return place < record.upperBound ? record.lowerBound : record.upperBound
  }

  var records: [Range<Int>] { Layout(segment).records }

  var disk: MemoryDisk { MemoryDisk(files: ["high-water-mark": mark, name: segment]) }

  /// The sequence numbers of all entries after opening.
  func open() throws(StoreError) -> (disk: MemoryDisk, count: Int, torn: String?) {
    let disk = disk
    let store = try Store.open(on: disk)
    return (disk, store.count, store.tornFile)
  }
}

/// CRC-32 bit by bit, little-endian.
func checksum(_ bytes: some Sequence<UInt8>) -> [UInt8] {
  var crc = ~UInt32(0)
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
  }
  crc = ~crc
  return (0..<4).map { UInt8(truncatingIfNeeded: crc >> (8 * $0)) }
}
