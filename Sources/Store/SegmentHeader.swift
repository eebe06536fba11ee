internal import Zlib

/// A place in the chain of records: a sequence number and the tag of the record that has it.
///
/// Two logs that agree on a link agree on everything before it.
struct Link: Hashable, Sendable {
  let sequence: UInt64
  let tag: [UInt8]

  /// Where the chain of a new store begins: before the first record, which has sequence 1.
  static let origin = Link(sequence: 0, tag: [UInt8](repeating: 0, count: Format.tagLength))
}

/// The first 4 KiB of a segment or a snapshot: what it is, what it follows, and its data key, wrapped.
struct SegmentHeader: Hashable, Sendable {
  var kind: FileName.Kind
  /// Of the master key that wraps the data key.
  var masterKeyVersion: UInt32
  /// Shared by all segments of a store.
  var store: [UInt8]
  /// Random, so that no two segments ever agree in it.
  ///
  /// It salts the wrapping key.
  var segment: [UInt8]
  /// Seconds since 1970.
  ///
  /// For people only: nothing is decided by it.
  var created: UInt64
  /// Higher than that of every file begun before.
  ///
  /// It is in the file's name, too.
  var number: UInt64
  /// The end of the log before it; of a snapshot, the last record whose effect it holds.
  var base: Link
  /// The sealed data key; empty until `SegmentCipher` fills it in.
  var wrappedKey: [UInt8] = []

  /// Everything before the wrapped key, which authenticates it.
  var associatedData: [UInt8] {
    var bytes = Format.magic
    bytes.append(little: Format.version)
    bytes.append(little: kind.rawValue)
    bytes.append(little: masterKeyVersion)
    bytes += store + segment
    bytes.append(little: created)
    bytes.append(little: number)
    bytes.append(little: base.sequence)
    bytes += base.tag
    return bytes
  }

  /// The header as it stands in the file, checksum included.
  func encoded() -> [UInt8] {
    var bytes = associatedData + wrappedKey
    bytes += [UInt8](repeating: 0, count: Format.headerLength - 4 - bytes.count)
    bytes.append(little: CRC32.checksum(bytes))
    return bytes
  }

  /// Why bytes are not a header that can be used.
  enum Malformation: Error { case damaged(String), unsupported(UInt16) }

  /// Reads the header at the start of a file; it is whole, but not yet proven to be ours.
  init(_ file: Span<UInt8>) throws(Malformation) {
    guard file.count >= Format.headerLength else { throw .damaged("the header is cut short") }
    let header = file.extracting(..<Format.headerLength)
    guard header.array(8, at: 0) == Format.magic else { throw .damaged("no segment begins here") }
    var crc = CRC32()
    crc.update(header.extracting(..<(Format.headerLength - 4)))
    guard header.little(UInt32.self, at: Format.headerLength - 4) == crc.value else {
      throw .damaged("the header's checksum is wrong")
    }
    guard
      let version = header.little(UInt16.self, at: 8),
      let kind = header.little(UInt16.self, at: 10),
      let masterKeyVersion = header.little(UInt32.self, at: 12),
      let store = header.array(16, at: 16), let segment = header.array(16, at: 32),
      let created = header.little(UInt64.self, at: 48),
      let number = header.little(UInt64.self, at: 56),
      let sequence = header.little(UInt64.self, at: 64), let tag = header.array(16, at: 72),
      let wrappedKey = header.array(Format.wrappedKeyLength, at: 88)
    else { throw .damaged("the header is cut short") }
    guard version == Format.version, let kind = FileName.Kind(rawValue: kind) else {
      throw .unsupported(version)
    }
    guard number <= Limits.highestNumber, sequence <= Limits.highestNumber else {
      throw .damaged("no store comes to such a number")
    }
    self.init(
      kind: kind, masterKeyVersion: masterKeyVersion, store: store, segment: segment,
      created: created,
      number: number, base: Link(sequence: sequence, tag: tag), wrappedKey: wrappedKey)
  }

  init(
    kind: FileName.Kind, masterKeyVersion: UInt32, store: [UInt8], segment: [UInt8],
    created: UInt64, number: UInt64, base: Link, wrappedKey: [UInt8] = []
  ) {
    self.kind = kind
    (self.masterKeyVersion, self.store, self.segment) = (masterKeyVersion, store, segment)
    (self.created, self.number, self.base) = (created, number, base)
    self.wrappedKey = wrappedKey
  }
}
