private import Linux
internal import OpenSSL

/// The way on when opening a store is refused for damage: giving up what cannot be read.
public struct Repair: Sendable {
  /// Why the store could not be opened.
  public let damage: StoreError
  /// The sequence number of the last record that was kept, 0 if that cannot be said.
  public let lastSequence: UInt64
  /// How many entries were kept.
  public let count: Int
  /// Files with everything that was given up.
  public let setAside: [String]

  /// Makes the store in `directory` one that can be opened, with the state of everything before the
  /// first damage, and answers what was lost; nil if nothing is wrong.
  ///
  /// The damaged file and those after it are kept as they are, under names that end in `.damaged`.
  /// Numbers of records go on beyond every one that may have been lost. A crash at any step leaves
  /// either what was there or the repaired store. What is wrong with keys or with privacy is not
  /// damage and is thrown.
  public static func run(directory: String, keys: MasterKeys) throws(StoreError) -> Repair? {
    try run(on: RealDisk(path: directory, create: false), keys: keys)
  }

  package static func run(on disk: any Disk, keys: MasterKeys) throws(StoreError) -> Repair? {
    let recovery = Recovery(disk: disk, markDisk: disk, keys: keys)
    try recovery.removeTemporaryFiles(disk)
    do throws(StoreError) { _ = try recovery.mark() } catch  where error.isDamage {
      try replaceMark(on: disk)
    }
    var recovered = Recovered(mark: try recovery.mark())
    do throws(StoreError) {
      _ = try recovery.read(into: &recovered)
      return nil
    } catch  where error.isDamage {
      let setAside = try setAside(from: error.damagedFile, on: disk)
      try replaceLog(&recovered, on: disk, keys)
      return Repair(
        damage: error, lastSequence: recovered.end.sequence, count: recovered.index.count,
        setAside: setAside)
    }
  }

  /// Begins the mark again, for the store that the files belong to.
  private static func replaceMark(on disk: any Disk) throws(StoreError) {
    let names = try StoreError.at(".") { () throws(SystemError) in try disk.names() }
    for name in StoreFiles(names).all {
      let file = try disk.open(name.text)
      try StoreError.at(name.text) { () throws(SystemError) in
        let bytes = try file.read(Format.headerLength, at: 0)
        guard let header = try? SegmentHeader(bytes.span) else { return }
        try HighWaterMark.create(Format.highWaterMarkName, on: disk, store: header.store)
      }
    }
  }

  /// Copies the damaged file, or everything if none is named, and what follows it.
  private static func setAside(
    from first: FileName?, on disk: any Disk
  ) throws(StoreError) -> [String] {
    let names = try StoreError.at(".") { () throws(SystemError) in try disk.names() }
    var kept: [String] = []
    for name in StoreFiles(names).all where name.number >= first?.number ?? 0 {
      let file = try disk.open(name.text)
      let copy = name.text + Format.damagedSuffix
      try StoreError.at(copy) { () throws(SystemError) in
        for left in [copy, copy + Format.temporarySuffix] where names.contains(left) {
          try disk.remove(left)
        }
        try disk.copy(file, to: copy)
      }
      kept.append(copy)
    }
    try StoreError.at(".") { () throws(SystemError) in try disk.synchronizeNames() }
    return kept
  }

  /// Writes what was read as a snapshot, which takes the place of all files.
  private static func replaceLog(
    _ recovered: inout Recovered, on disk: any Disk, _ keys: MasterKeys
  ) throws(StoreError) {
    let identifier: [UInt8]
    do throws(CryptoError) {
      identifier = try Random.bytes(Format.identifierLength)
    } catch { throw .crypto(error) }
    let known = max(recovered.end.sequence, recovered.mark.link.sequence)
    let header = SegmentHeader(
      kind: .snapshot, masterKeyVersion: keys.currentVersion, store: recovered.mark.store,
      segment: identifier, created: secondsSince1970(), number: recovered.lastNumber + 1,
      base: Link(sequence: known + Limits.lostSequences, tag: recovered.end.tag))
    let compaction = Compaction(
      disk: disk, header: header, masterKey: keys.current, index: recovered.index)
    switch compaction.run() {
    case .done: return
    case .abandoned(let error): throw error
    case .failed: throw .failed
    }
  }
}

extension StoreError {
  /// Whether something is not as it was written, and giving it up would go on.
  public var isDamage: Bool {
    switch self {
    case .damaged, .tampered, .rolledBack: true
    default: false
    }
  }

  fileprivate var damagedFile: FileName? {
    switch self {
    case .damaged(let file, _, _), .tampered(let file, _): FileName(file)
    default: nil
    }
  }
}
