internal import Zlib

/// The readable part of a record, in front of its ciphertext.
struct RecordHeader: Hashable, Sendable {
  enum Kind: UInt8, Sendable {
    /// The operations of one batch.
    case batch = 1
    /// Entries of a snapshot.
    case entries = 2
    /// The end of a snapshot, without which it is not whole.
    case end = 3
  }

  /// Of the plaintext, and so of the ciphertext without its tag.
  let length: Int
  let kind: Kind
  /// One more than the record before; the nonce, too.
  let sequence: UInt64
  /// Every record up to this sequence was on the disk when this one was written.
  ///
  /// It is what tells a write that was cut short from damage to what was acknowledged.
  let synced: UInt64

  func encode(into bytes: inout [UInt8]) {
    bytes.append(little: Format.recordMagic)
    bytes.append(little: UInt32(length))
    bytes.append(little: UInt64(kind.rawValue))
    bytes.append(little: sequence)
    bytes.append(little: synced)
  }
}

/// A record found in a file: whole by its checksum, but not yet decrypted.
struct Frame: Hashable, Sendable {
  let header: RecordHeader
  /// From the first byte of the header to the last of the checksum.
  let range: Range<Int>

  /// Header bytes, exactly as they stand in the file and in the associated data.
  var headerRange: Range<Int> {
    range.lowerBound..<range.lowerBound + Format.recordHeaderLength
  }

  /// Ciphertext and tag.
  var sealedRange: Range<Int> { headerRange.upperBound..<range.upperBound - 4 }

  /// The tag, by which the next record is chained to this one.
  var tagRange: Range<Int> {
    sealedRange.upperBound - Format.tagLength..<sealedRange.upperBound
  }

  /// Reads the record at `offset`, or nothing unless all of it is there and its checksum is right.
  init?(at offset: Int, in file: Span<UInt8>) {
    guard
      file.little(UInt32.self, at: offset) == Format.recordMagic,
      let length = file.little(UInt32.self, at: offset + 4), length <= Limits.payloadLength,
      let kind = file.little(UInt8.self, at: offset + 8).flatMap(RecordHeader.Kind.init),
      file.array(7, at: offset + 9) == [0, 0, 0, 0, 0, 0, 0],
      let sequence = file.little(UInt64.self, at: offset + 16),
      let synced = file.little(UInt64.self, at: offset + 24), synced < sequence
    else { return nil }
    let end = offset + Format.recordOverhead + Int(length)
    guard end <= file.count,
      file.little(UInt32.self, at: end - 4) == Self.checksum(file, offset..<end)
    else { return nil }
    header = RecordHeader(length: Int(length), kind: kind, sequence: sequence, synced: synced)
    range = offset..<end
  }

  private static func checksum(_ file: Span<UInt8>, _ range: Range<Int>) -> UInt32 {
    var crc = CRC32()
    crc.update(file.extracting(range.lowerBound..<range.upperBound - 4))
    return crc.value
  }
}
