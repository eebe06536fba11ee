/// The numbers of the file format that `FORMAT.md` explains.
enum Format {
  /// The first bytes of every segment.
  static let magic = Array("linkdlog".utf8)
  /// Raised by every change that an older program cannot read.
  static let version: UInt16 = 1
  static let headerLength = 4096
  static let identifierLength = 16
  static let tagLength = 16
  static let keyLength = 32
  static let wrappedKeyLength = keyLength + tagLength

  /// The first bytes of every record, "Rec1": none is zero, so that padding is never a record.
  static let recordMagic: UInt32 = 0x3163_6552
  static let firstOfRecord = UInt8(ascii: "R")
  static let recordHeaderLength = 32
  /// Header, tag and checksum: what a record takes besides its payload.
  static let recordOverhead = recordHeaderLength + tagLength + 4

  /// What a disk writes whole or not at all.
  ///
  /// Every group of records starts at a multiple of it, so that no write ever touches a sector that
  /// holds acknowledged data.
  static let sectorLength = 512

  /// The first multiple of the sector length at or after `offset`.
  static func alignedUp(_ offset: Int) -> Int {
    (offset + sectorLength - 1) / sectorLength * sectorLength
  }

  /// Added to the name of a file that is not complete; such a file is never read.
  static let temporarySuffix = ".tmp"
  /// Added to the name of a segment for what was cut off its end.
  static let tornSuffix = ".torn"
  /// Added to the name of a file that was damaged and given up; such a file is never read.
  static let damagedSuffix = ".damaged"
  static let highWaterMarkName = "high-water-mark"
  static let lockName = "lock"
}
