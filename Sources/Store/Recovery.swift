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
    let names = try removeTemporaryFiles(disk)
    let markNames = markDisk === disk ? names : try removeTemporaryFiles(markDisk)
    let numbers = names.compactMap(Format.segmentNumber).sorted()
    if !markNames.contains(Format.highWaterMarkName) {
      guard numbers.isEmpty else { throw .rolledBack(reason: "the high-water mark is gone") }
      guard create else { throw .missing(path: Format.highWaterMarkName) }
      try createMark()
    }
    var recovered = Recovered(mark: try HighWaterMark(Format.highWaterMarkName, on: markDisk))
    for number in numbers {
      try read(number, isLast: number == numbers.last, into: &recovered)
    }
    guard recovered.end.sequence >= recovered.mark.link.sequence else {
      throw .rolledBack(
        reason: "the log ends at \(recovered.end.sequence), "
          + "but had reached \(recovered.mark.link.sequence)")
    }
    return recovered
  }

  private func removeTemporaryFiles(_ disk: any Disk) throws(StoreError) -> [String] {
    do throws(SystemError) {
      let names = try disk.names()
      let temporary = names.filter { $0.hasSuffix(Format.temporarySuffix) }
      for name in temporary { try disk.remove(name) }
      return names.filter { !$0.hasSuffix(Format.temporarySuffix) }
    } catch { throw .disk(path: ".", error) }
  }

  /// The mark is the first file of a store: without it, segments prove nothing about their end.
  private func createMark() throws(StoreError) {
    let store: [UInt8]
    do throws(CryptoError) {
      store = try Random.bytes(Format.identifierLength)
    } catch { throw .crypto(error) }
    do throws(SystemError) {
      try HighWaterMark.create(Format.highWaterMarkName, on: markDisk, store: store)
    } catch { throw .disk(path: Format.highWaterMarkName, error) }
  }

  /// Reads one segment, which must continue what was read before.
  private func read(
    _ number: UInt64, isLast: Bool, into recovered: inout Recovered
  ) throws(StoreError) {
    let name = Format.segmentName(number)
    let file = try disk.open(name)
    let bytes = try contents(of: file, name)
    var replay = try SegmentReplay(name, number, bytes.span, keys, continuing: recovered)
    let isTorn = try replay.run(bytes.span, isLast: isLast, into: &recovered)
    recovered.segmentNumber = number
    if isLast { try secure(file, name, bytes, end: replay.end, isTorn: isTorn, &recovered) }
  }

  private func contents(of file: any DiskFile, _ name: String) throws(StoreError) -> [UInt8] {
    let bytes: [UInt8]?
    do throws(SystemError) {
      let size = try file.size()
      bytes = size <= Limits.openedSegmentLength ? try file.read(size, at: 0) : nil
    } catch { throw .disk(path: name, error) }
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
    _ file: any DiskFile, _ name: String, _ bytes: [UInt8], end: Int, isTorn: Bool,
    _ recovered: inout Recovered
  ) throws(StoreError) {
    do throws(SystemError) {
      if isTorn {
        let torn = name + Format.tornSuffix
        try disk.replace(torn, with: bytes.span.extracting(end...))
        recovered.tornFile = torn
      }
      if isTorn || recovered.mark.link != recovered.end {
        try disk.replace(name, with: bytes.span.extracting(..<end))
        try recovered.mark.raise(to: recovered.end)
      } else if bytes.count > end {
        try file.truncate(to: end)
      }
    } catch { throw .disk(path: name, error) }
  }
}
