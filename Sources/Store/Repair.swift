private import Linux
internal import OpenSSL

/// The way on when opening a store is refused for damage: giving up what cannot be read.
public struct Repair: Sendable {
  /// Why the store could not be opened, one thing after the other.
  public private(set) var damages: [StoreError] = []
  /// The sequence number of the last record that was kept, 0 if that cannot be said.
  public private(set) var lastSequence: UInt64 = 0
  /// How many entries were kept.
  public private(set) var count = 0
  /// Files with everything that was given up.
  ///
  /// They hold what they held, deleted entries too, until somebody removes them.
  public private(set) var setAside: [String] = []

  /// Makes the store in `directory` one that can be opened, with the state of everything before the
  /// first damage, and answers what was lost; nil if nothing is wrong.
  ///
  /// The damaged file and those after it are kept as they are, under names that end in `.damaged`.
  /// Numbers of records go on beyond every one that may have been lost. A crash at any step leaves
  /// what was there, or something that another repair makes the same of. What is wrong with keys or
  /// with privacy is not damage and is thrown.
  public static func run(directory: String, keys: MasterKeys) throws(StoreError) -> Repair? {
    try run(on: RealDisk(path: directory, create: false), keys: keys)
  }

  package static func run(on disk: any Disk, keys: MasterKeys) throws(StoreError) -> Repair? {
    let recovery = Recovery(disk: disk, markDisk: disk, keys: keys)
    let proven = try ProvenFiles(on: disk, keys)
    var repair = Repair()
    try repair.restoreMark(recovery, proven)
    try recovery.removeTemporaryFiles(disk)
    try repair.setStrangersAside(proven, on: disk)
    var recovered = Recovered(mark: try recovery.mark())
    do throws(StoreError) { _ = try recovery.read(into: &recovered) } catch  where error.isDamage {
      repair.damages.append(error)
      try repair.setAside(from: error.damagedFile, on: disk)
      try replaceLog(&recovered, on: disk, keys)
    }
    (repair.lastSequence, repair.count) = (recovered.end.sequence, recovered.index.count)
    return repair.damages.isEmpty ? nil : repair
  }

  /// Begins the mark again if it cannot be read or leaves no room, for the store that the files
  /// belong to.
  private mutating func restoreMark(
    _ recovery: Recovery, _ proven: ProvenFiles
  ) throws(StoreError) {
    let (disk, name) = (recovery.disk, Format.highWaterMarkName)
    do throws(StoreError) {
      let mark = try recovery.mark()
      guard mark.link.sequence > Limits.highestRepairedSequence else { return }
      throw .damaged(file: name, offset: 0, reason: "no store comes so far")
    } catch  where error.isDamage {
      guard let store = proven.store else { throw error }
      let names = try StoreError.at(".") { () throws(SystemError) in try disk.names() }
      if names.contains(name) { try setAside(name, names, on: disk) }
      try StoreError.at(name) { () throws(SystemError) in
        // The copy has its name for certain before the mark is replaced.
        try disk.synchronizeNames()
        let temporary = name + Format.temporarySuffix
        if names.contains(temporary) { try disk.remove(temporary) }
        try HighWaterMark.create(name, on: disk, store: store)
      }
      damages.append(error)
    }
  }

  /// Takes files out of the way that this store has not written: no record of it is in them.
  private mutating func setStrangersAside(
    _ proven: ProvenFiles, on disk: any Disk
  ) throws(StoreError) {
    let names = try StoreError.at(".") { () throws(SystemError) in try disk.names() }
    for name in names.compactMap(FileName.init) where proven.isStranger(name) {
      let copy = name.text + Format.damagedSuffix
      try StoreError.at(name.text) { () throws(SystemError) in
        try disk.rename(name.text, to: copy)
        try disk.synchronizeNames()
      }
      damages.append(.damaged(file: name.text, offset: 0, reason: "this store did not write it"))
      setAside.append(copy)
    }
  }

  /// Copies the damaged file and what follows it; everything if none is named, or a snapshot: what is
  /// there before it will be removed.
  private mutating func setAside(
    from first: FileName?, on disk: any Disk
  ) throws(StoreError) {
    let names = try StoreError.at(".") { () throws(SystemError) in try disk.names() }
    let least = first?.kind == .segment ? first?.number ?? 0 : 0
    for name in names.compactMap(FileName.init).sorted(by: { $0.number < $1.number })
    where name.number >= least { try setAside(name.text, names, on: disk) }
    try StoreError.at(".") { () throws(SystemError) in try disk.synchronizeNames() }
  }

  /// Copies one file, in place of the copy that a repair before may have begun.
  private mutating func setAside(
    _ name: String, _ names: [String], on disk: any Disk
  ) throws(StoreError) {
    let file = try disk.open(name)
    let copy = name + Format.damagedSuffix
    try StoreError.at(copy) { () throws(SystemError) in
      for left in [copy, copy + Format.temporarySuffix] where names.contains(left) {
        try disk.destroyDataKey(of: left)
        try disk.remove(left)
      }
      try disk.copy(file, to: copy)
    }
    setAside.append(copy)
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
    let (sequence, isBeyond) = known.addingReportingOverflow(Limits.lostSequences)
    guard !isBeyond, sequence <= Limits.highestNumber, recovered.lastNumber < Limits.highestNumber
    else { throw .damaged(file: ".", offset: 0, reason: "there are no numbers left") }
    let header = SegmentHeader(
      kind: .snapshot, masterKeyVersion: keys.currentVersion, store: recovered.mark.store,
      segment: identifier, created: secondsSince1970(), number: recovered.lastNumber + 1,
      base: Link(sequence: sequence, tag: recovered.end.tag))
    let compaction = Compaction(
      disk: disk, header: header, masterKey: keys.current, index: recovered.index)
    switch compaction.run() {
    case .done: return
    case .abandoned(let error): throw error
    case .failed: throw .failed
    }
  }
}

/// The files whose headers the master keys prove to be of one store.
private struct ProvenFiles {
  /// That of the one with the highest number; nil if there is none.
  private(set) var store: [UInt8]?
  private var names: Set<FileName> = []
  private let highest: UInt64
  private let lowest: UInt64

  init(on disk: any Disk, _ keys: MasterKeys) throws(StoreError) {
    let all = try StoreError.at(".") { () throws(SystemError) in try disk.names() }
    var headers: [FileName: SegmentHeader] = [:]
    for name in all.compactMap(FileName.init) {
      let file = try disk.open(name.text)
      let bytes = try StoreError.at(name.text) { () throws(SystemError) in
        try file.read(Format.headerLength, at: 0)
      }
      guard
        let header = try? SegmentHeader(bytes.span), header.kind == name.kind,
        header.number == name.number, (try? header.cipher(name, keys)) != nil
      else { continue }
      headers[name] = header
    }
    let last = headers.max { $0.key.number < $1.key.number }
    store = last?.value.store
    names = Set(headers.filter { $0.value.store == last?.value.store }.keys)
    highest = names.map(\.number).max() ?? 0
    lowest = names.map(\.number).min() ?? .max
  }

  /// Whether the store cannot have come to this file by itself, or reads better without it: a snapshot
  /// that was whole would have taken the place of what is before it.
  func isStranger(_ name: FileName) -> Bool {
    guard name.number <= Limits.highestNumber else { return true }
    guard !names.contains(name) else { return false }
    return name.number > highest &+ Limits.lostNumbers
      || (name.kind == .snapshot && lowest < name.number)
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
