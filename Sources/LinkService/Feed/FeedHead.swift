internal import LinkAPI
internal import OpenSSL
internal import Protobuf

/// Where the feed of a tenant has got to, as it was read.
struct FeedHead {
  private static let idLength = 8

  private(set) var record: FeedRecord
  private let tenant: String
  private let version: UInt64?

  init(_ records: Records, tenant: String) async throws(Failure) {
    let known = try await records.feed(tenant: tenant)
    self.tenant = tenant
    version = known?.version
    if let known { record = known.record } else { record = try Self.newFeed() }
  }

  private static func newFeed() throws(Failure) -> FeedRecord {
    var record = FeedRecord()
    record.id = try newID()
    record.firstSequence = 1
    return record
  }

  private static func newID() throws(Failure) -> [UInt8] {
    do { return try Random.bytes(idLength) } catch {
      throw .broken("no randomness", cause: error)
    }
  }

  /// Adds an event, and lets the oldest one go where there are too many.
  mutating func append(
    _ event: AccountEvent, to change: inout Change, keeping length: UInt64
  ) throws(Failure) {
    record.lastSequence &+= 1
    record.lastEventID = try Self.newID()
    var entry = EventRecord()
    entry.event = event
    entry.sequence = record.lastSequence
    entry.id = record.lastEventID
    try change.put(entry, at: RecordKey.event(tenant: tenant, sequence: record.lastSequence))
    while record.lastSequence &- record.firstSequence >= length {
      change.delete(RecordKey.event(tenant: tenant, sequence: record.firstSequence))
      record.firstSequence &+= 1
    }
    let key = RecordKey.feed(tenant: tenant)
    try change.put(record, at: key)
    change.require(key, version: version)
  }
}
