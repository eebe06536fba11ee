internal import LinkAPI
internal import Protobuf
internal import Store

/// The store as records: messages in, messages out, failures in the service's own words.
struct Records: Sendable {
  let store: any RecordStore
  /// The records, if they are at hand.
  private let ready: (any ReadyRecords)?

  init(store: any RecordStore) {
    self.store = store
    ready = store.atOnce
  }

  /// A record as it was read.
  ///
  /// A change can require that nobody has changed it since.
  struct Versioned<Record: Message>: Sendable {
    var record: Record
    let version: UInt64
  }

  func link(tenant: String, secretDigest: [UInt8]) async throws(Failure) -> Versioned<LinkRecord>? {
    try await record(at: RecordKey.link(tenant: tenant, secretDigest: secretDigest))
  }

  func start(tenant: String, requestID: String) async throws(Failure) -> Versioned<StartRecord>? {
    try await record(at: RecordKey.start(tenant: tenant, requestID: requestID))
  }

  func token(id: [UInt8]) async throws(Failure) -> Versioned<TokenRecord>? {
    try await record(at: RecordKey.token(id: id))
  }

  func certificate(id: [UInt8]) async throws(Failure) -> Versioned<CertificateRecord>? {
    try await record(at: RecordKey.certificate(id: id))
  }

  func account(
    tenant: String, profile: String, id: String
  ) async throws(Failure) -> Versioned<AccountRecord>? {
    try await record(at: RecordKey.account(tenant: tenant, profile: profile, account: id))
  }

  func revocation(at key: Key) async throws(Failure) -> Versioned<RevocationRecord>? {
    try await record(at: key)
  }

  func keySet(at key: Key) async throws(Failure) -> Versioned<KeySetRecord>? {
    try await record(at: key)
  }

  func feed(tenant: String) async throws(Failure) -> Versioned<FeedRecord>? {
    try await record(at: RecordKey.feed(tenant: tenant))
  }

  func event(
    tenant: String, sequence: UInt64
  ) async throws(Failure) -> Versioned<EventRecord>? {
    try await record(at: RecordKey.event(tenant: tenant, sequence: sequence))
  }

  /// The value of a key that holds no message.
  func bytes(at key: Key) async throws(Failure) -> Entry? {
    do { return try await store.entry(for: key) } catch { throw .storage(error) }
  }

  /// Tells the state of the records from all before it; nil if finding out takes time.
  var stateNumber: UInt64? { ready?.stateNumber }

  /// The version of whatever stands at a key; nil if nothing does, or if finding out takes time.
  func versionAtOnce(at key: Key) -> UInt64? { ready?.readyEntry(for: key)?.version }

  func accounts(
    under prefix: Key, after key: Key?, limit: Int
  ) async throws(Failure) -> [(key: Key, record: AccountRecord)] {
    try await page(AccountRecord.self, under: prefix, after: key, limit: limit)
      .map { ($0.key, $0.found.record) }
  }

  /// Records whose keys begin with `prefix` and come after `key`, in order.
  func page<Record: Message>(
    _ type: Record.Type, under prefix: Key, after key: Key?, limit: Int
  ) async throws(Failure) -> [(key: Key, found: Versioned<Record>)] {
    try await entries(under: prefix, after: key, limit: limit).map {
      (key, entry) throws(Failure) in
      (key, Versioned(record: try Self.decode(Record.self, entry), version: entry.version))
    }
  }

  /// The same for values that hold no message but text.
  func texts(
    under prefix: Key, limit: Int
  ) async throws(Failure) -> [(key: Key, text: String)] {
    try await entries(under: prefix, after: nil, limit: limit).map {
      ($0.key, String(decoding: $0.entry.value, as: UTF8.self))
    }
  }

  /// Keys that begin with `prefix` and come after `key`, in order, whatever they hold.
  func keys(under prefix: Key, after key: Key? = nil, limit: Int) async throws(Failure) -> [Key] {
    try await entries(under: prefix, after: key, limit: limit).map(\.key)
  }

  /// How many records have keys that begin with `prefix`, if not more than `limit`.
  func count(under prefix: Key, upTo limit: Int) async throws(Failure) -> Int {
    try await entries(under: prefix, after: nil, limit: limit).count
  }

  /// The same, undecoded.
  func entries(
    under prefix: Key, after key: Key?, limit: Int
  ) async throws(Failure) -> [(key: Key, entry: Entry)] {
    do {
      return try await store.page(under: prefix, after: key, limit: limit)
    } catch { throw .storage(error) }
  }

  /// The same for whoever will not wait; nil where that is needed.
  func entriesAtOnce(
    under prefix: Key, after key: Key?, limit: Int
  ) -> [(key: Key, entry: Entry)]? {
    ready?.readyPage(under: prefix, after: key, limit: limit)
  }

  /// Makes the change durable and returns the version of what it wrote; nil if a requirement of it
  /// does not hold, and then nothing is changed.
  func commit(_ change: Change) async throws(Failure) -> UInt64? {
    do { return try await store.commit(change.batch) } catch {
      if error == .conflict { return nil }
      throw .storage(error)
    }
  }

  /// Returns once nobody can read any more what was deleted or overwritten before.
  func eraseReplaced() async throws(Failure) {
    do { try await store.eraseReplaced() } catch { throw .storage(error) }
  }

  private func record<Record: Message>(
    at key: Key
  ) async throws(Failure) -> Versioned<Record>? {
    guard let entry = try await bytes(at: key) else { return nil }
    return Versioned(record: try Self.decode(Record.self, entry), version: entry.version)
  }

  /// The record that an entry holds.
  static func decode<Record: Message>(
    _ type: Record.Type, _ entry: Entry
  ) throws(Failure) -> Record {
    do { return try Record(serialized: entry.value) } catch {
      throw .broken("a record of the store cannot be read", cause: error)
    }
  }
}

/// Records to be written together or not at all.
struct Change {
  private(set) var batch = Batch()

  /// Whether nothing is written.
  var isEmpty: Bool { batch.isEmpty }

  mutating func put(_ record: some Message, at key: Key) throws(Failure) {
    do { batch.put(key, try record.serialized()) } catch {
      throw .broken("a record is too large for the store", cause: error)
    }
  }

  mutating func put(_ text: String, at key: Key) {
    batch.put(key, Array(text.utf8))
  }

  mutating func delete(_ key: Key) {
    batch.delete(key)
  }

  /// The change is refused unless the key still has this version; nil: unless it does not exist.
  mutating func require(_ key: Key, version: UInt64?) {
    batch.require(key, version: version)
  }
}
