internal import Linux
private import Zlib

/// How far the log is known to have been durable, kept apart from the log.
///
/// A log cannot see from inside that it is an older copy of itself, or that its last segment is
/// gone. So at start it must reach the mark, and have the mark's tag there. The mark follows the
/// log and never leads it: it is raised only to what was synced before.
///
/// The file has two slots, in sectors of their own, which are written in turn: whatever happens to
/// the one being written, the other one is whole.
struct HighWaterMark: ~Copyable, Sendable {
  /// Which store the mark belongs to.
  let store: [UInt8]
  /// Up to here everything was durable.
  private(set) var link: Link

  private let file: any DiskFile
  private var generation: UInt64

  /// Where the second slot begins: on a page of its own.
  private static let slotDistance = 4096
  private static let slotLength = 68
  private static let magic = Array("linkdhwm".utf8)

  /// Sets the mark of a new store to the beginning.
  static func create(_ name: String, on disk: any Disk, store: [UInt8]) throws(SystemError) {
    var bytes = slot(store, 1, .origin)
    bytes += [UInt8](repeating: 0, count: slotDistance - bytes.count)
    bytes += slot(store, 2, .origin)
    try disk.replace(name, with: bytes.span)
  }

  /// Reads the mark: of the slots that are whole, the one written last.
  init(_ name: String, on disk: any Disk) throws(StoreError) {
    let file = try disk.open(name)
    let bytes = try StoreError.at(name) { () throws(SystemError) in
      try file.read(Self.slotDistance + Self.slotLength, at: 0)
    }
    var slots: [Slot] = []
    for offset in [0, Self.slotDistance] {
      if let slot = try Self.slot(bytes, at: offset, name) { slots.append(slot) }
    }
    guard let newest = slots.max(by: { $0.generation < $1.generation }) else {
      throw .damaged(file: name, offset: 0, reason: "no slot of the high-water mark is whole")
    }
    self.file = file
    (store, generation, link) = newest
  }

  /// Moves the mark, durably, to a link that is durable.
  mutating func raise(to link: Link) throws(SystemError) {
    guard link != self.link else { return }
    let next = generation + 1
    let bytes = Self.slot(store, next, link)
    try file.writeAll(bytes.span, at: next.isMultiple(of: 2) ? Self.slotDistance : 0)
    try file.synchronize()
    (generation, self.link) = (next, link)
  }

  private static func slot(_ store: [UInt8], _ generation: UInt64, _ link: Link) -> [UInt8] {
    var bytes = magic
    bytes.append(little: UInt64(Format.version))
    bytes += store
    bytes.append(little: generation)
    bytes.append(little: link.sequence)
    bytes += link.tag
    bytes.append(little: CRC32.checksum(bytes))
    return bytes
  }

  private typealias Slot = (store: [UInt8], generation: UInt64, link: Link)

  /// The slot at `offset`, if it is whole and says what a store may come to.
  private static func slot(
    _ file: [UInt8], at offset: Int, _ name: String
  ) throws(StoreError) -> Slot? {
    let slot = Array(file.dropFirst(offset).prefix(slotLength))
    let bytes = slot.span
    guard
      bytes.array(8, at: 0) == magic, let version = bytes.little(UInt64.self, at: 8),
      let store = bytes.array(Format.identifierLength, at: 16),
      let generation = bytes.little(UInt64.self, at: 32),
      let sequence = bytes.little(UInt64.self, at: 40),
      let tag = bytes.array(Format.tagLength, at: 48),
      bytes.little(UInt32.self, at: 64) == CRC32.checksum(Array(slot.dropLast(4)))
    else { return nil }
    guard version == UInt64(Format.version) else {
      throw .unsupportedFormat(file: name, format: UInt16(clamping: version))
    }
    guard generation < .max, sequence <= Limits.highestNumber else { return nil }
    return (store, generation, Link(sequence: sequence, tag: tag))
  }
}
