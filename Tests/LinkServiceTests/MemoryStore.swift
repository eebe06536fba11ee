import LinkService
import Store
import Synchronization

/// A store without a disk.
final class MemoryStore: RecordStore, ReadyRecords {
  fileprivate struct State {
    var entries: [Key: Entry] = [:]
    var version: UInt64 = 0
    var failure: StoreError?
    var erasures = 0
    /// How many commits are still made before the process dies, and whether the last of them is
    /// made although nobody learns of it.
    var death: (after: Int, isMade: Bool)?
  }

  private let state = Mutex(State())
  private let interruption = Mutex<(reads: Int, prefix: Key, body: @Sendable () async -> Void)?>(
    nil)

  /// Lets something happen while the record of a key that begins so is read, the `number`th time
  /// from now on.
  func onRead(
    _ number: Int, of prefix: Key, _ body: @escaping @Sendable () async -> Void
  ) {
    interruption.withLock { $0 = (number, prefix, body) }
  }

  private func interrupt(_ key: Key) async {
    let body = interruption.withLock { interruption -> (@Sendable () async -> Void)? in
      guard let prefix = interruption?.prefix, key.hasPrefix(prefix) else { return nil }
      interruption?.reads -= 1
      guard interruption?.reads == 0 else { return nil }
      defer { interruption = nil }
      return interruption?.body
    }
    await body?()
  }

  /// How many entries there are whose keys begin so.
  func count(withPrefix prefix: Key) -> Int {
    state.withLock { $0.entries.keys.count { $0.hasPrefix(prefix) } }
  }

  /// How many entries have these bytes in their key or their value.
  func count(holding bytes: [UInt8]) -> Int {
    state.withLock { state in
      state.entries.count { $0.key.bytes.contains(bytes) || $0.value.value.contains(bytes) }
    }
  }

  /// Whether these bytes stand anywhere in a key or a value.
  func holds(_ bytes: [UInt8]) -> Bool { count(holding: bytes) > 0 }

  /// Lets the process die, as far as a store can see it, after so many commits; nil lets it live.
  func die(after commits: Int?, isMade: Bool = false) {
    state.withLock { $0.death = commits.map { ($0, isMade) } }
  }

  /// Lets every commit fail from now on, or none.
  func fail(_ failure: StoreError?) { state.withLock { $0.failure = failure } }

  /// All entries, as a backup has them: to be put back later.
  var entries: [Key: Entry] {
    get { state.withLock { $0.entries } }
    set { state.withLock { $0.entries = newValue } }
  }

  /// How often it was asked to erase what was replaced.
  var erasures: Int { state.withLock { $0.erasures } }

  var atOnce: (any ReadyRecords)? { self }

  var stateNumber: UInt64 { state.withLock { $0.version + 1 } }

  func readyEntry(for key: Key) -> Entry? { state.withLock { $0.entries[key] } }

  func readyPage(
    under prefix: Key, after key: Key?, limit: Int
  ) -> [(key: Key, entry: Entry)] {
    state.withLock { state in
      let found = state.entries.filter { $0.key.hasPrefix(prefix) && $0.key > (key ?? Key([])) }
      return found.sorted { $0.key < $1.key }.prefix(limit).map { (key: $0.key, entry: $0.value) }
    }
  }

  func entry(for key: Key) async throws(StoreError) -> Entry? {
    await interrupt(key)
    return readyEntry(for: key)
  }

  func page(
    under prefix: Key, after key: Key?, limit: Int
  ) async throws(StoreError) -> [(key: Key, entry: Entry)] {
    readyPage(under: prefix, after: key, limit: limit)
  }

  func commit(_ batch: Batch) async throws(StoreError) -> UInt64 {
    let result = state.withLock { $0.commit(batch) }
    return try result.get()
  }

  func eraseReplaced() async throws(StoreError) {
    let failure = state.withLock { state in
      if state.failure == nil { state.erasures += 1 }
      return state.failure
    }
    if let failure { throw failure }
  }
}

extension MemoryStore.State {
  fileprivate mutating func commit(_ batch: Batch) -> Result<UInt64, StoreError> {
    guard batch.isWithinLimits else { return .failure(.tooLarge) }
    if let failure { return .failure(failure) }
    if let death {
      self.death?.after -= 1
      if death.after < 0 || (death.after == 0 && !death.isMade) { return .failure(.failed) }
      if death.after == 0 {
        self.death = nil
        defer { self.death = (-1, false) }
        return commit(batch).flatMap { _ in .failure(.outcomeUnknown) }
      }
    }
    guard batch.requirements.allSatisfy({ entries[$0.key]?.version == $0.version }) else {
      return .failure(.conflict)
    }
    guard !batch.isEmpty else { return .success(version) }
    version += 1
    for operation in batch.operations {
      switch operation {
      case .put(let key, let value): entries[key] = Entry(value: value, version: version)
      case .delete(let key): entries[key] = nil
      }
    }
    return .success(version)
  }
}
