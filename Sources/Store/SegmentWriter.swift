internal import Linux
internal import OpenSSL

/// The segment that is being written: created by this process, and appended to by it alone.
struct SegmentWriter: ~Copyable, Sendable {
  private let file: any DiskFile
  private var cipher: SegmentCipher
  private let capacity: Int
  private var offset = Format.headerLength
  /// Up to here all was written, at least as zeros.
  private var filled = Format.headerLength
  /// How many records the data key has sealed.
  private(set) var records = 0

  /// Creates the segment that `header` describes, with room for `capacity` bytes, so that it is
  /// there after a crash either whole and empty or not at all.
  ///
  /// Throws `.noSpace` if the disk is full and `.crypto` without random bytes, and then leaves no trace;
  /// else `.failed`.
  init(
    creating header: SegmentHeader, _ masterKey: SecretBytes, capacity: Int, on disk: any Disk
  ) throws(StoreError) {
    var header = header
    let cipher = try Self.cipher(&header, masterKey)
    file = try Self.publish(header, capacity: capacity, on: disk)
    self.cipher = cipher
    self.capacity = capacity
  }

  private static func cipher(
    _ header: inout SegmentHeader, _ masterKey: SecretBytes
  ) throws(StoreError) -> SegmentCipher {
    do throws(CryptoError) {
      return try SegmentCipher(creating: &header, masterKey)
    } catch { throw .crypto(error) }
  }

  private static func publish(
    _ header: SegmentHeader, capacity: Int, on disk: any Disk
  ) throws(StoreError) -> any DiskFile {
    let name = FileName.segment(header.number).text
    let temporary = name + Format.temporarySuffix
    let file: any DiskFile
    do throws(SystemError) {
      file = try write(header, capacity: capacity, temporary, on: disk)
      try disk.rename(temporary, to: name)
    } catch {
      try? disk.remove(temporary)
      throw error.isOutOfSpace ? .noSpace : .failed
    }
    do throws(SystemError) { try disk.synchronizeNames() } catch { throw .failed }
    return file
  }

  private static func write(
    _ header: SegmentHeader, capacity: Int, _ temporary: String, on disk: any Disk
  ) throws(SystemError) -> any DiskFile {
    let file = try disk.createAnew(temporary)
    do throws(SystemError) {
      try file.allocate(capacity)
    } catch  where error.isNotSupported {
      // Then every sync pays for the growing file, and a full disk shows later.
    }
    try file.writeAll(header.encoded().span, at: 0)
    try file.synchronize()
    return file
  }

  /// Whether records of `length` bytes together still fit.
  func hasRoom(_ length: Int) -> Bool { Format.alignedUp(offset) + length <= capacity }

  /// Appends one record to a group that is not yet written, and returns the link to it.
  mutating func seal(
    _ batch: Batch, after previous: Link, synced: UInt64, appendingTo group: inout [UInt8]
  ) throws(CryptoError) -> Link {
    let payload = batch.payload
    let header = RecordHeader(
      length: payload.count, kind: .batch, sequence: previous.sequence + 1, synced: synced)
    records += 1
    return try cipher.seal(payload, header, after: previous, appendingTo: &group)
  }

  /// Writes a group of records at the next sector and waits until it is on the disk.
  ///
  /// Now and then zeros follow it, for groups to come: space that is only reserved is still marked as
  /// unwritten, and a sync that has to change the mark writes more than the group.
  /// After a failure the tail of the file is in doubt: nothing may be written behind it.
  mutating func write(_ group: consuming [UInt8]) throws(SystemError) {
    let start = Format.alignedUp(offset)
    let end = start + group.count
    if end > filled {
      filled = max(end, min(end + Limits.zerosLength, capacity))
      group.append(contentsOf: repeatElement(0, count: filled - end))
    }
    try file.writeAll(group.span, at: start)
    try file.synchronize()
    offset = end
  }

  /// Gives back the space that was reserved and not used.
  ///
  /// Nothing depends on it.
  consuming func trim() { try? file.truncate(to: offset) }
}
