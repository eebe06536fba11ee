internal import Linux
internal import OpenSSL

/// Writes the whole state into a file of its own, which has its final name only when it is whole.
struct SnapshotWriter: ~Copyable {
  private let disk: any Disk
  private let name: FileName
  private let file: any DiskFile
  private var cipher: SegmentCipher
  private var payload: [UInt8] = []
  private var previous = Link.origin
  private var count = 0
  private var unsynced = 0

  /// How long the file is so far.
  private(set) var length = Format.headerLength

  private var temporaryName: String { name.text + Format.temporarySuffix }

  /// Begins the file of the snapshot that `header` describes, under a temporary name.
  init(
    creating header: SegmentHeader, _ masterKey: SecretBytes, on disk: any Disk
  ) throws(SnapshotError) {
    var header = header
    let cipher = try Self.cipher(&header, masterKey)
    let name = FileName.snapshot(header.number)
    let file = try Self.create(name.text + Format.temporarySuffix, header, on: disk)
    (self.disk, self.name, self.file) = (disk, name, file)
    self.cipher = cipher
  }

  private static func cipher(
    _ header: inout SegmentHeader, _ masterKey: SecretBytes
  ) throws(SnapshotError) -> SegmentCipher {
    do throws(CryptoError) {
      return try SegmentCipher(creating: &header, masterKey)
    } catch { throw .crypto(error) }
  }

  private static func create(
    _ name: String, _ header: SegmentHeader, on disk: any Disk
  ) throws(SnapshotError) -> any DiskFile {
    do throws(SystemError) {
      let file = try disk.create(name)
      do throws(SystemError) {
        try file.writeAll(header.encoded().span, at: 0)
      } catch {
        try? disk.remove(name)
        throw error
      }
      return file
    } catch { throw .disk(error) }
  }

  /// Adds one entry.
  mutating func append(_ key: Key, _ entry: Entry) throws(SnapshotError) {
    SnapshotPayload.append(key, entry, to: &payload)
    count += 1
    if payload.count >= Limits.snapshotRecordLength { try flush() }
  }

  /// Ends the file and makes it durable, still under its temporary name.
  mutating func finish() throws(SnapshotError) {
    if !payload.isEmpty { try flush() }
    try write(.end, SnapshotPayload.end(count: count))
    try synchronize()
  }

  /// Gives the file its name, which is to be synced.
  borrowing func rename() throws(SystemError) {
    try disk.rename(temporaryName, to: name.text)
  }

  /// Destroys what was written, and removes it.
  ///
  /// Throws if it may still be readable. A name that stays is removed by the next compaction or
  /// opening.
  consuming func abandon() throws(SystemError) {
    try file.destroyDataKey()
    try? disk.remove(temporaryName)
  }

  private mutating func flush() throws(SnapshotError) {
    try write(.entries, payload)
    payload.removeAll(keepingCapacity: true)
    // In small portions, so that a commit beside it never waits for a large one.
    if unsynced >= Limits.snapshotSyncLength { try synchronize() }
  }

  private mutating func write(
    _ kind: RecordHeader.Kind, _ payload: [UInt8]
  ) throws(SnapshotError) {
    let header = RecordHeader(
      length: payload.count, kind: kind, sequence: previous.sequence + 1, synced: 0)
    var record: [UInt8] = []
    record.reserveCapacity(payload.count + Format.recordOverhead)
    do throws(CryptoError) {
      previous = try cipher.seal(payload, header, after: previous, appendingTo: &record)
    } catch { throw .crypto(error) }
    try write(record, at: length)
    length += record.count
    unsynced += record.count
  }

  private func write(_ bytes: [UInt8], at offset: Int) throws(SnapshotError) {
    do throws(SystemError) {
      try file.writeAll(bytes.span, at: offset)
    } catch { throw .disk(error) }
  }

  private mutating func synchronize() throws(SnapshotError) {
    do throws(SystemError) { try file.synchronize() } catch { throw .disk(error) }
    unsynced = 0
  }
}

/// Why a snapshot could not be written.
enum SnapshotError: Error {
  case disk(SystemError)
  case crypto(CryptoError)
  /// The store is closing.
  case cancelled
}
