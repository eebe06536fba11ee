internal import Linux
internal import OpenSSL

/// The log as its one writer sees it: the state after the last batch, and where the next one goes.
///
/// No threads and no queue: `Writer` adds those, tests do without.
package struct Log: ~Copyable, Sendable {
  /// The file with what was cut off the end on opening, if anything was.
  package let tornFile: String?

  private let disk: any Disk
  private var index: TwinIndex
  private var keys: MasterKeys
  private let segmentLength: Int
  private let compactionLength: Int
  private let recordsPerDataKey: Int
  private var mark: HighWaterMark
  private var segment: SegmentWriter?
  private var lastNumber: UInt64
  private var end: Link
  private var groupsSinceMark = 0
  private var isBroken = false
  /// How many bytes of records follow what the last compaction began with.
  private var lengthSinceCompaction: Int
  /// What these two were when the compaction that is under way was begun.
  private var beforeCompaction = (length: 0, holdsReplaced: false)

  /// Whether files hold what was deleted or overwritten since.
  package private(set) var holdsReplaced: Bool

  /// Recovers the log on a disk and continues it.
  ///
  /// The first commit begins a new segment: what another process wrote is never appended to, for
  /// neither its data key nor its tail is ours.
  package static func open(
    on disk: any Disk, markOn markDisk: any Disk, keys: MasterKeys, segmentLength: Int,
    compactionLength: Int = .max, recordsPerDataKey: Int? = nil,
    create: Bool = true
  ) throws(StoreError) -> Log {
    let recovered = try Recovery(disk: disk, markDisk: markDisk, keys: keys).run(create: create)
    return Log(recovered, keys, segmentLength, compactionLength, recordsPerDataKey, disk)
  }

  private init(
    _ recovered: consuming Recovered, _ keys: MasterKeys, _ segmentLength: Int,
    _ compactionLength: Int, _ recordsPerDataKey: Int?, _ disk: any Disk
  ) {
    self.disk = disk
    self.keys = keys
    self.segmentLength = segmentLength
    self.compactionLength = compactionLength
    self.recordsPerDataKey = recordsPerDataKey ?? Limits.recordsPerDataKey
    tornFile = recovered.tornFile
    index = TwinIndex(recovered.index)
    end = recovered.end
    lastNumber = recovered.lastNumber
    lengthSinceCompaction = recovered.logLength
    holdsReplaced = recovered.holdsReplaced
    mark = recovered.mark
  }

  /// The state after the last batch that is durable.
  var published: Published { index.published }

  /// Whether a write or a sync has failed, after which nothing is written any more.
  package var hasFailed: Bool { isBroken }

  /// Makes batches durable, all with one write and one sync, and answers for each.
  ///
  /// Each batch meets the state that those before it leave.
  package mutating func commit(_ batches: [Batch]) -> [Result<UInt64, StoreError>] {
    do throws(StoreError) {
      guard !isBroken else { throw .failed }
      try makeRoom(for: batches)
      let results = try write(batches)
      index.publish()
      return results
    } catch {
      // After anything else the tail of the segment, or its very existence, is in doubt.
      if !error.leavesNoTrace { isBroken = true }
      index.abandon()
      return batches.map { _ in .failure(error) }
    }
  }

  /// How many bytes their records take together.
  private static func length(of batches: [Batch]) -> Int {
    batches.reduce(0) { $0 + $1.payloadLength + Format.recordOverhead }
  }

  /// What is left to do of a commit when those who waited for it have been told.
  mutating func catchUp() { index.catchUp() }

  /// Begins a new segment unless the current one can take all of the batches.
  private mutating func makeRoom(for batches: [Batch]) throws(StoreError) {
    let length = Self.length(of: batches)
    let records = segment?.records ?? 0
    if segment?.hasRoom(length) == true, records + batches.count <= recordsPerDataKey { return }
    try raiseMark()
    let header = try newHeader(.segment, keys)
    let next = try SegmentWriter(
      creating: header, keys.current, capacity: max(segmentLength, Format.headerLength + length),
      on: disk)
    segment.take()?.trim()
    segment = consume next
    lastNumber = header.number
  }

  /// Lets the mark follow before a segment is left: everything in it is synced.
  private mutating func raiseMark() throws(StoreError) {
    do throws(SystemError) {
      try mark.raise(to: end)
    } catch { throw error.isOutOfSpace ? .noSpace : .failed }
  }

  private func newHeader(
    _ kind: FileName.Kind, _ keys: MasterKeys
  ) throws(StoreError) -> SegmentHeader {
    let identifier: [UInt8]
    do throws(CryptoError) {
      identifier = try Random.bytes(Format.identifierLength)
    } catch { throw .crypto(error) }
    return SegmentHeader(
      kind: kind, masterKeyVersion: keys.currentVersion, store: mark.store, segment: identifier,
      created: secondsSince1970(), number: lastNumber + 1, base: end)
  }

  private mutating func write(
    _ batches: [Batch]
  ) throws(StoreError) -> [Result<UInt64, StoreError>] {
    let synced = end.sequence
    var group: [UInt8] = []
    group.reserveCapacity(Self.length(of: batches))
    var results: [Result<UInt64, StoreError>] = []
    for batch in batches {
      results.append(
        try stage(batch, synced, &group) ? .success(end.sequence) : .failure(.conflict))
    }
    guard !group.isEmpty else { return results }
    lengthSinceCompaction += Format.alignedUp(group.count)
    do throws(SystemError) { try segment?.write(group) } catch { throw .outcomeUnknown }
    raiseMarkInTime()
    return results
  }

  /// Seals a batch into the group and applies it, unless one of its requirements does not hold.
  private mutating func stage(
    _ batch: Batch, _ synced: UInt64, _ group: inout [UInt8]
  ) throws(StoreError) -> Bool {
    for requirement in batch.requirements
    where index.version(of: requirement.key) != requirement.version { return false }
    guard !batch.isEmpty else { return true }
    do throws(CryptoError) {
      end = try segment?.seal(batch, after: end, synced: synced, appendingTo: &group) ?? end
    } catch { throw .failed }
    for change in batch.changes(version: end.sequence) where index.apply(change) {
      holdsReplaced = true
    }
    return true
  }

  /// Lets the mark follow now and then.
  ///
  /// The batches are durable by now, mark or no mark: a failure stops only what comes later, and
  /// for want of space the mark may as well follow another time.
  private mutating func raiseMarkInTime() {
    groupsSinceMark += 1
    guard groupsSinceMark >= Limits.groupsPerMark else { return }
    groupsSinceMark = 0
    do throws(SystemError) {
      try mark.raise(to: end)
    } catch { isBroken = !error.isOutOfSpace }
  }

  /// Whether a snapshot is worth its while: as much was written since the last one as the whole
  /// state would take, so that compaction never costs more than it removes.
  package var isCompactionDue: Bool {
    !isBroken && lengthSinceCompaction >= max(compactionLength, published.snapshot.length)
  }

  /// Begins a compaction of the present state, which may run on another thread.
  ///
  /// The next commit begins a new segment, and from then on the two have nothing in common. With
  /// other `keys`, everything that is written from now on is under their current version; they must
  /// still have the one that was current so far. `endedCompaction` must follow.
  package mutating func beginCompaction(
    _ keys: MasterKeys? = nil
  ) throws(StoreError) -> Compaction {
    let keys = keys ?? self.keys
    guard keys.versions.contains(self.keys.currentVersion) else {
      throw .invalidMasterKeys(
        path: "", reason: "version \(self.keys.currentVersion) is in use and was not given")
    }
    guard !isBroken else { throw .failed }
    do throws(StoreError) { try raiseMark() } catch {
      isBroken = !error.leavesNoTrace
      throw error
    }
    let header = try newHeader(.snapshot, keys)
    segment.take()?.trim()
    lastNumber = header.number
    beforeCompaction = (lengthSinceCompaction, holdsReplaced)
    (lengthSinceCompaction, holdsReplaced) = (0, false)
    self.keys = keys
    return Compaction(
      disk: disk, header: header, masterKey: keys.current, index: published.snapshot)
  }

  /// Learns what became of the compaction; after a failure of the disk nothing is written any more.
  ///
  /// One that was abandoned is as due as it was before.
  package mutating func endedCompaction(_ outcome: Compaction.Outcome) {
    defer { beforeCompaction = (0, false) }
    switch outcome {
    case .done: return
    case .failed: isBroken = true
    case .abandoned:
      lengthSinceCompaction += beforeCompaction.length
      holdsReplaced = holdsReplaced || beforeCompaction.holdsReplaced
    }
  }

  /// Leaves the mark at the very end, so that the next start can tell if anything is missing.
  package consuming func close() {
    guard !isBroken else { return }
    try? mark.raise(to: end)
    segment.take()?.trim()
  }
}

extension StoreError {
  /// Whether what was thrown while a segment was to begin has written nothing.
  fileprivate var leavesNoTrace: Bool {
    switch self {
    case .noSpace, .crypto: true
    default: false
    }
  }
}

extension Index {
  /// Carries out a batch whose record has the sequence number `version`, and tells whether it took
  /// the place of anything.
  mutating func apply(_ batch: Batch, version: UInt64) -> Bool {
    var hasReplaced = false
    for change in batch.changes(version: version) where apply(change) { hasReplaced = true }
    return hasReplaced
  }
}

extension Batch {
  /// What it does to the state when its record has the sequence number `version`.
  fileprivate func changes(version: UInt64) -> [Index.Change] {
    operations.map { operation in
      switch operation {
      case .put(let key, let value):
        .put(Index.Item(key, Entry(value: value, version: version)))
      case .delete(let key): .remove(key)
      }
    }
  }
}
