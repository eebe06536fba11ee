private import Linux
private import Synchronization

/// Named values in an encrypted, append-only, crash-safe log.
///
/// A batch is durable when `commit` returns. Everything on disk is sealed; everything is in memory
/// too, so that reads never touch the disk and never wait for a write. All methods may be called
/// from any thread. `FORMAT.md` describes the files.
public final class Store: Sendable {
  /// What may be chosen about a store.
  public struct Configuration: Sendable {
    /// Whether to begin a new store where there is none.
    ///
    /// Say no where one must exist: a directory whose file system was not mounted looks new.
    public var createIfMissing = true

    /// How large a segment grows before the next one begins.
    public var segmentLength = Limits.segmentLength

    /// How much is written, at least, before the log is compacted on its own: replaced by a snapshot
    /// of the state.
    ///
    /// It is also never done before as much was written as the state takes. `compact` does it at
    /// once.
    public var compactionLength = Limits.compactionLength

    /// The directory of the high-water mark; nil for the store's own.
    ///
    /// Only where whoever can put back an older copy of the store cannot put back an older mark
    /// does the mark show that somebody did.
    public var highWaterMarkDirectory: String?

    /// Called once, on the writer's thread, when a write or sync has failed and every commit
    /// will be refused from now on: the time to stop answering and to exit.
    public var onFailure: @Sendable () -> Void = {}

    /// Called on the writer's thread when a compaction has ended, so that somebody learns of it if
    /// the log goes on growing.
    public var onCompaction: @Sendable (CompactionReport) -> Void = { _ in }

    /// Called on a compaction's thread after every tenth that it has written: how many entries, of how
    /// many.
    public var onProgress: @Sendable (_ written: Int, _ count: Int) -> Void = { _, _ in }

    /// How long to wait after one has failed, at first.
    package var compactionPause = Limits.firstCompactionPause

    /// The defaults.
    public init() {}
  }

  /// The file that holds what was cut off the log on opening: a write that a crash had cut short
  /// and nobody had been promised.
  ///
  /// Nil in the normal case.
  public let tornFile: String?

  private let queue: CommitQueue
  private let published: Published
  private let writer: Mutex<Thread?>

  /// Opens the store in `directory`, reads it whole and checks every byte of it.
  ///
  /// Refuses, changing nothing, when anything but the end of the very last write is not as it was
  /// written, when another process has the store open, and when a file could be read by others.
  public static func open(
    directory: String, keys: MasterKeys, configuration: Configuration = Configuration()
  ) throws(StoreError) -> Store {
    let create = configuration.createIfMissing
    let disk = try RealDisk(path: directory, create: create)
    var markDisk = disk
    if let other = configuration.highWaterMarkDirectory {
      markDisk = try RealDisk(path: other, create: create)
    }
    return try open(on: disk, markOn: markDisk, keys: keys, configuration: configuration)
  }

  /// Opens a store on any disk.
  package static func open(
    on disk: any Disk, markOn markDisk: any Disk, keys: MasterKeys,
    configuration: Configuration = Configuration()
  ) throws(StoreError) -> Store {
    let log = try Log.open(
      on: disk, markOn: markDisk, keys: keys, segmentLength: configuration.segmentLength,
      compactionLength: configuration.compactionLength, create: configuration.createIfMissing)
    let tornFile = log.tornFile
    do throws(SystemError) {
      return try Store(log, tornFile: tornFile, configuration)
    } catch { throw .disk(path: "", error) }
  }

  private init(
    _ log: consuming Log, tornFile: String?, _ configuration: Configuration
  ) throws(SystemError) {
    let queue = CommitQueue()
    let published = log.published
    let writer = Writer(log, queue, configuration)
    let thread = try Thread(name: "store") { writer.run() }
    self.tornFile = tornFile
    self.queue = queue
    self.published = published
    self.writer = Mutex(consume thread)
  }

  deinit { close() }

  /// The entry of a key, in the last durable state.
  public func value(for key: Key) -> Entry? { published.snapshot[key] }

  /// Tells the last durable state from all that were before it since the store was opened; never zero.
  ///
  /// While it stays the same, no entry has changed.
  public var stateNumber: UInt64 { published.number }

  /// How many entries there are, in the last durable state.
  public var count: Int { published.snapshot.count }

  /// The entries whose keys begin with `prefix`, ordered by the bytes of their keys.
  ///
  /// At most `limit` of them (and never more than 10,000), all of one state. To go on, pass the last
  /// key as `after`: entries that were there all along are seen exactly once, whatever is written
  /// in between.
  public func entries(
    withPrefix prefix: Key, after: Key? = nil, limit: Int
  ) -> [(key: Key, entry: Entry)] {
    let limit = min(limit, Limits.scanLength)
    guard limit > 0 else { return [] }
    var found: [(key: Key, entry: Entry)] = []
    published.snapshot.forEach(from: max(prefix, after ?? prefix)) { key, entry in
      guard key.hasPrefix(prefix) else { return false }
      if key != after { found.append((key, entry)) }
      return found.count < limit
    }
    return found
  }

  /// Writes a batch and returns its sequence number once it is durable; readers see it by then.
  ///
  /// All of it happens or, if a requirement does not hold, nothing. Batches take effect in the
  /// order in which they were queued. Cancelling the task changes nothing: the batch is written and
  /// the answer is awaited all the same, so that its outcome is never in doubt. After
  /// `StoreError.outcomeUnknown` it is, until the store has been opened again. A batch without
  /// operations only checks its requirements, and returns the last sequence number.
  public func commit(_ batch: Batch) async throws(StoreError) -> UInt64 {
    guard batch.isWithinLimits else { throw .tooLarge }
    return try await queue.submit(batch).get()
  }

  /// Replaces the log by a snapshot of the state: afterwards no file holds anything that was deleted
  /// or overwritten before.
  ///
  /// Commits go on beside it. With `keys`, everything is sealed under their current version from
  /// then on, and older versions are needed no more once this has returned; they must still be
  /// among `keys`. After an error the store is as it was, unless commits fail, too.
  public func compact(under keys: MasterKeys? = nil) async throws(StoreError) {
    try await queue.compact(.rewriting(keys)).get()
  }

  /// Returns once nothing that was deleted or overwritten before can be read any more: no file has
  /// it, and the data keys of those that had it are destroyed.
  ///
  /// That takes as long as writing the state, a second or two for a million entries. Commits go on
  /// beside it, who waits meanwhile shares the next one, and where nothing was replaced it returns at
  /// once. After an error everything is still to be done, by another call or by the next compaction.
  public func eraseReplaced() async throws(StoreError) {
    try await queue.compact(.erasing).get()
  }

  /// Waits until everything queued is durable, and lets go of the directory.
  ///
  /// Blocks the thread for as long as the disk takes. From then on commits throw
  /// `StoreError.closed`; what was read last can still be read. Closing twice is harmless. Never
  /// call it from `Configuration.onFailure`, which runs on the thread that is waited for.
  public func close() {
    queue.close()
    writer.withLock { $0.take()?.join() }
  }
}
