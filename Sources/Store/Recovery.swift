internal import Linux
internal import OpenSSL

/// What a directory holds, once it has been read.
struct Recovered: ~Copyable, Sendable {
  var index = Index()
  /// The last record.
  private(set) var end = Link.origin
  /// The highest number that a file has; 0 if there is none yet.
  var lastNumber: UInt64 = 0
  /// The files that the state was read from, in order.
  var files: [ReadFile] = []
  /// How many bytes of records follow the snapshot, or the beginning.
  var logLength = 0
  /// Whether they hold anything that was deleted or overwritten.
  var holdsReplaced = false
  var mark: HighWaterMark
  /// The file that now holds what was cut off, if anything was.
  var tornFile: String?

  init(mark: consuming HighWaterMark) { self.mark = mark }

  /// Moves the end on to a record that was read, which must be the one that the mark knows, if the
  /// mark is there.
  mutating func advance(to link: Link) throws(StoreError) {
    end = link
    guard link.sequence != mark.link.sequence || link == mark.link else {
      throw .rolledBack(reason: "record \(link.sequence) is not the one that was written")
    }
  }
}

/// A file that is part of the truth, as it was read.
struct ReadFile: Hashable, Sendable {
  let name: FileName
  let length: Int
  let masterKeyVersion: UInt32
}

/// Reads a store from its directory, and decides what its end is.
struct Recovery {
  let disk: any Disk
  /// Where the high-water mark is kept; may be the same.
  let markDisk: any Disk
  /// Without keys only form, checksums and the chain of tags are looked at, and no state is made.
  let keys: MasterKeys?

  /// Reads everything, or refuses and changes nothing.
  ///
  /// Only a write that was cut short and never acknowledged is taken back: its bytes are kept in a
  /// file of their own. Files that were never finished, and files that a snapshot has taken the
  /// place of, are removed.
  func run(create: Bool) throws(StoreError) -> Recovered {
    if create { try createMarkIfNew() }
    var recovered = Recovered(mark: try mark())
    let last = try read(into: &recovered)
    try removeTemporaryFiles(disk)
    try removeReplacedFiles(recovered)
    if let last {
      try secure(last, &recovered)
    } else {
      // A snapshot was synced before it got its name.
      let end = recovered.end
      try StoreError.at(Format.highWaterMarkName) { () throws(SystemError) in
        try recovered.mark.raise(to: end)
      }
    }
    return recovered
  }

  /// Reads everything into the state and changes nothing.
  ///
  /// Answers what is to be done about the last segment, if the log does not end with a snapshot.
  func read(into recovered: inout Recovered) throws(StoreError) -> LastSegment? {
    let names = try StoreError.at(".") { () throws(SystemError) in try disk.names() }
    let files = StoreFiles(names)
    recovered.lastNumber = files.lastNumber
    if let stranger = files.strangers.first {
      throw .damaged(file: stranger.text, offset: 0, reason: "no store comes to such a number")
    }
    if let snapshot = files.snapshot { try read(snapshot, &recovered) }
    var last: LastSegment?
    for name in files.segments {
      // Before the next is read, so that never two are in memory.
      last = nil
      last = try read(name, isLast: name == files.segments.last, into: &recovered)
    }
    guard recovered.end.sequence >= recovered.mark.link.sequence else {
      throw .rolledBack(
        reason: "the log ends at \(recovered.end.sequence), "
          + "but had reached \(recovered.mark.link.sequence)")
    }
    return last
  }

  /// Begins a store where there is nothing.
  ///
  /// The mark is the first file of a store, and only a new store gets one: without it, segments
  /// prove nothing about their end.
  private func createMarkIfNew() throws(StoreError) {
    let name = Format.highWaterMarkName
    let (names, markNames) = try StoreError.at(".") { () throws(SystemError) in
      (try disk.names(), try markDisk.names())
    }
    guard !markNames.contains(name), !names.contains(where: { FileName($0) != nil }) else { return }
    try removeTemporaryFiles(markDisk)
    let store: [UInt8]
    do throws(CryptoError) {
      store = try Random.bytes(Format.identifierLength)
    } catch { throw .crypto(error) }
    try StoreError.at(name) { () throws(SystemError) in
      try HighWaterMark.create(name, on: markDisk, store: store)
    }
  }

  /// Reads the mark.
  func mark() throws(StoreError) -> HighWaterMark {
    let name = Format.highWaterMarkName
    let (names, markNames) = try StoreError.at(".") { () throws(SystemError) in
      (try disk.names(), try markDisk.names())
    }
    guard markNames.contains(name) else {
      throw names.contains { FileName($0) != nil }
        ? .rolledBack(reason: "the high-water mark is gone") : .missing(path: name)
    }
    return try HighWaterMark(name, on: markDisk)
  }

  func removeTemporaryFiles(_ disk: any Disk) throws(StoreError) {
    try StoreError.at(".") { () throws(SystemError) in
      for name in try disk.names() where name.hasSuffix(Format.temporarySuffix) {
        try disk.destroyDataKey(of: name)
        try disk.remove(name)
      }
    }
  }

  /// Finishes what a compaction was doing when it was interrupted.
  private func removeReplacedFiles(_ recovered: borrowing Recovered) throws(StoreError) {
    guard let first = recovered.files.first?.name, first.kind == .snapshot else { return }
    try StoreError.at(first.text) { () throws(SystemError) in
      // Its name may be in memory only, and what it replaces is on the disk.
      try disk.synchronizeNames()
      try disk.removeFiles(replacedBy: first.number)
    }
  }

  private func read(_ name: FileName, _ recovered: inout Recovered) throws(StoreError) {
    let file = try disk.open(name.text)
    var reader = try SnapshotReader(name, file, keys, of: recovered.mark.store)
    try reader.run(into: &recovered)
    recovered.files.append(
      ReadFile(name: name, length: reader.size, masterKeyVersion: reader.masterKeyVersion))
  }

  /// The segment that may end in a write that was cut short, as it was read.
  struct LastSegment {
    fileprivate let file: any DiskFile
    let name: FileName
    fileprivate let bytes: [UInt8]
    /// Where its last good record ends.
    let end: Int
    let isTorn: Bool
  }

  /// Reads one segment, which must continue what was read before.
  private func read(
    _ name: FileName, isLast: Bool, into recovered: inout Recovered
  ) throws(StoreError) -> LastSegment {
    let file = try disk.open(name.text)
    let bytes = try contents(of: file, name.text)
    var replay = try SegmentReplay(name, bytes.span, keys, continuing: recovered)
    recovered.files.append(
      ReadFile(name: name, length: bytes.count, masterKeyVersion: replay.masterKeyVersion))
    let isTorn = try replay.run(bytes.span, isLast: isLast, into: &recovered)
    recovered.logLength += replay.end - Format.headerLength
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
    let name = segment.name.text
    let torn = segment.isTorn ? name + Format.tornSuffix : nil
    recovered.tornFile = torn
    try StoreError.at(name) { () throws(SystemError) in
      let bytes = segment.bytes.span
      if let torn { try disk.replace(torn, with: bytes.extracting(segment.end...)) }
      if torn != nil || recovered.mark.link != recovered.end {
        try disk.replace(name, with: bytes.extracting(..<segment.end))
        // What a compaction destroys later must not live on here.
        try segment.file.destroyDataKey()
        try recovered.mark.raise(to: recovered.end)
      } else if bytes.count > segment.end {
        try segment.file.truncate(to: segment.end)
      }
    }
  }
}
