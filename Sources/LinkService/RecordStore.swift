public import Store

/// Where the service keeps its records: `Store` on one machine, something else for many.
///
/// Keys are byte strings, ordered byte by byte. Reads see every commit that has returned.
public protocol RecordStore: Sendable {
  /// The value of a key, and the version that a later `Batch.require` can ask for.
  func entry(for key: Key) async throws(StoreError) -> Entry?

  /// Entries whose keys begin with `prefix` and come after `key`, in order, at most `limit`.
  func page(
    under prefix: Key, after key: Key?, limit: Int
  ) async throws(StoreError) -> [(key: Key, entry: Entry)]

  /// Makes all changes of the batch, durably, or none. Returns the version of what it wrote.
  ///
  /// Throws a `StoreError` of conflict if a requirement of the batch does not hold.
  func commit(_ batch: Batch) async throws(StoreError) -> UInt64

  /// Returns once what was deleted or overwritten before can be read by nobody any more, whoever has
  /// the disk and its keys.
  func eraseReplaced() async throws(StoreError)

  /// The same reads for whoever will not wait; nil where every read has to, over a network for one.
  var atOnce: (any ReadyRecords)? { get }
}

extension RecordStore {
  /// Every read has to wait.
  public var atOnce: (any ReadyRecords)? { nil }
}

/// Records that are at hand: reading them waits for nothing.
public protocol ReadyRecords: Sendable {
  /// Tells the present state from all before it: what was read under a number is still so while the
  /// number stays the same. Never zero.
  var stateNumber: UInt64 { get }

  /// See `RecordStore.entry`.
  func readyEntry(for key: Key) -> Entry?

  /// See `RecordStore.page`.
  func readyPage(under prefix: Key, after key: Key?, limit: Int) -> [(key: Key, entry: Entry)]
}

extension Store: RecordStore, ReadyRecords {
  /// All of it is in memory.
  public var atOnce: (any ReadyRecords)? { self }

  /// Reads from memory; waits for no writer.
  public func readyEntry(for key: Key) -> Entry? { value(for: key) }

  /// Reads from memory; waits for no writer.
  public func readyPage(
    under prefix: Key, after key: Key?, limit: Int
  ) -> [(key: Key, entry: Entry)] {
    entries(withPrefix: prefix, after: key, limit: limit)
  }

  /// Reads from memory; waits for no writer.
  public func entry(for key: Key) async throws(StoreError) -> Entry? {
    readyEntry(for: key)
  }

  /// Reads from memory; waits for no writer.
  public func page(
    under prefix: Key, after key: Key?, limit: Int
  ) async throws(StoreError) -> [(key: Key, entry: Entry)] {
    readyPage(under: prefix, after: key, limit: limit)
  }
}
