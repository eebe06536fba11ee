internal import Linux
internal import OpenSSL

/// What a directory holds, once it has been read and its end is certain.
struct Recovered: ~Copyable, Sendable {
  var index = Index()
  /// The last record.
  var end = Link.origin
  /// The last segment; 0 if there is none yet.
  var segmentNumber: UInt64 = 0
  var mark: HighWaterMark
  /// The file that now holds what was cut off, if anything was.
  var tornFile: String?
}

/// Reads a store from its directory, and decides what its end is.
struct Recovery {
  let disk: any Disk
  /// Where the high-water mark is kept; may be the same.
  let markDisk: any Disk
  let keys: MasterKeys

  /// Reads everything, or refuses and changes nothing.
  ///
  /// Only a write that was cut short and never acknowledged is taken back: its bytes are kept in a
  /// file of their own. Files that were never finished are removed.
  func run(create: Bool) throws(StoreError) -> Recovered {
    let names = try StoreError.at(".") { () throws(SystemError) in try disk.names() }
    let numbers = names.compactMap(Format.segmentNumber).sorted()
    var recovered = Recovered(mark: try mark(isNew: numbers.isEmpty, create: create))
    var last: LastSegment?
    for number in numbers {
      last = try read(number, isLast: number == numbers.last, into: &recovered)
    }
    guard recovered.end.sequence >= recovered.mark.link.sequence else {
      throw .rolledBack(
        reason: "the log ends at \(recovered.end.sequence), "
          + "but had reached \(recovered.mark.link.sequence)")
    }
    try removeTemporaryFiles(disk)
    if let last { try secure(last, &recovered) }
    return recovered
  }

  /// Reads the mark.
  ///
  /// It is the first file of a store, and only a new store gets one: without it, segments prove
  /// nothing about their end.
  private func mark(isNew: Bool, create: Bool) throws(StoreError) -> HighWaterMark {
    let name = Format.highWaterMarkName
    let names = try StoreError.at(".") { () throws(SystemError) in try markDisk.names() }
    if !names.contains(name) {
      guard isNew else { throw .rolledBack(reason: "the high-water mark is gone") }
      guard create else { throw .missing(path: name) }
      try removeTemporaryFiles(markDisk)
      let store: [UInt8]
      do throws(CryptoError) {
        store = try Random.bytes(Format.identifierLength)
      } catch { throw .crypto(error) }
      try StoreError.at(name) { () throws(SystemError) in
        try HighWaterMark.create(name, on: markDisk, store: store)
      }
    }
    return try HighWaterMark(name, on: markDisk)
  }

  private func removeTemporaryFiles(_ disk: any Disk) throws(StoreError) {
    try StoreError.at(".") { () throws(SystemError) in
      for name in try disk.names() where name.hasSuffix(Format.temporarySuffix) {
        try disk.remove(name)
      }
    }
  }

  /// The segment that may end in a write that was cut short, as it was read.
  private struct LastSegment {
    let file: any DiskFile
    let name: String
    let bytes: [UInt8]
    /// Where its last good record ends.
    let end: Int
    let isTorn: Bool
  }

  /// Reads one segment, which must continue what was read before.
  private func read(
    _ number: UInt64, isLast: Bool, into recovered: inout Recovered
  ) throws(StoreError) -> LastSegment {
    let name = Format.segmentName(number)
    let file = try disk.open(name)
    let bytes = try contents(of: file, name)
    var replay = try SegmentReplay(name, number, bytes.span, keys, continuing: recovered)
    let isTorn = try replay.run(bytes.span, isLast: isLast, into: &recovered)
    recovered.segmentNumber = number
    return LastSegment(file: file, name: name, bytes: bytes, end: replay.end, isTorn: isTorn)
  }

  private func contents(of file: any DiskFile, _ name: String) throws(StoreError) -> [UInt8] {
    let bytes = try StoreError.at(name) { () throws(SystemError) -> [UInt8]? in
      let size = try file.size()
      return size <= Limits.openedSegmentLength ? try file.read(size, at: 0) : nil
    }
    guard let bytes else {
      throw .damaged(
        file: name, offset: Limits.openedSegmentLength, reason: "the file is too long")
    }
    return bytes
  }

  /// Makes certain that the end of the last segment is on the disk as it was read.
  ///
  /// The mark vouches for what was synced. What lies behind it may be in memory only, even if a
  /// sync now succeeds: one that failed in the process before us has marked the pages clean. So
  /// what was read is written to a new file, and that one takes the segment's place.
  private func secure(
    _ segment: LastSegment, _ recovered: inout Recovered
  ) throws(StoreError) {
    let torn = segment.isTorn ? segment.name + Format.tornSuffix : nil
    recovered.tornFile = torn
    try StoreError.at(segment.name) { () throws(SystemError) in
      let bytes = segment.bytes.span
      if let torn { try disk.replace(torn, with: bytes.extracting(segment.end...)) }
      if torn != nil || recovered.mark.link != recovered.end {
        try disk.replace(segment.name, with: bytes.extracting(..<segment.end))
        try recovered.mark.raise(to: recovered.end)
      } else if bytes.count > segment.end {
        try segment.file.truncate(to: segment.end)
      }
    }
  }
}
