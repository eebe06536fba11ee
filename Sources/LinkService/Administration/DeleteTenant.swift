internal import LinkAPI
internal import OpenSSL
internal import Protobuf
internal import RPC
internal import Store

extension AdministrationService {
  /// Takes back who may call for the tenant, and then forgets what it has.
  func delete(
    _ request: DeleteTenantRequest, _ caller: Caller
  ) async throws(Failure) -> DeleteTenantResponse {
    var check = RequestCheck()
    let tenant = check.tenant(of: request.name, "name")
    try check.finish()
    guard !tenant.utf8.elementsEqual(caller.tenant.utf8) else { throw .tokenRevokesItself }
    try await trail.record(.deleteTenant, request.name, by: caller, at: clock.now())
    var erasure = TenantErasure(records: records, clock: clock, tenant: tenant)
    try await erasure.takeCredentials()
    credentialsChanged()
    try await erasure.takeRecords()
    guard erasure.hasFoundAnything || request.allowMissing else { throw .tenantNotFound }
    try await records.eraseReplaced()
    var response = DeleteTenantResponse()
    response.accounts = Int64(erasure.accounts)
    return response
  }
}

/// Forgets what a tenant has, a page at a time: where it is cut short, the next one goes on.
struct TenantErasure {
  let records: Records
  let clock: WallClock
  let tenant: String
  private(set) var accounts = 0
  private(set) var hasFoundAnything = false

  /// How often calls that were under way may have added something behind our back.
  private static let rounds = 8

  init(records: Records, clock: WallClock, tenant: String) {
    self.records = records
    self.clock = clock
    self.tenant = tenant
  }

  /// From then on nobody can begin a call for the tenant.
  mutating func takeCredentials() async throws(Failure) {
    try await takeAll(TokenRecord.self, under: RecordKey.tokens, of: \.tenant)
    try await takeAll(CertificateRecord.self, under: RecordKey.certificates, of: \.tenant)
  }

  /// Takes everything, until there was nothing left to take.
  mutating func takeRecords() async throws(Failure) {
    for _ in 0..<Self.rounds {
      var count = try await takeLinks()
      for prefix in RecordKey.disposable(tenant: tenant) {
        count += try await take(under: prefix)
      }
      count += try await takeAccounts()
      guard count > 0 else { break }
    }
    try await takeTraces()
  }

  /// Records of all tenants, of which those of this one go.
  private mutating func takeAll<Record: Message>(
    _ type: Record.Type, under prefix: Key, of owner: KeyPath<Record, String>
  ) async throws(Failure) {
    var last: Key?
    repeat {
      let page = try await records.page(
        type, under: prefix, after: last, limit: LinkLimits.upkeepPage)
      let own = page.filter { $0.found.record[keyPath: owner].utf8.elementsEqual(tenant.utf8) }
      try await delete(own.map(\.key))
      last = page.last?.key
    } while last != nil
  }

  /// Links go, and tokens that one has already wait to be ended at the provider.
  private mutating func takeLinks() async throws(Failure) -> Int {
    var count = 0
    while true {
      let page = try await records.page(
        LinkRecord.self, under: RecordKey.links(tenant: tenant), after: nil,
        limit: LinkLimits.upkeepPage)
      guard !page.isEmpty else { return count }
      var change = Change()
      for (key, found) in page {
        change.delete(key)
        change.require(key, version: found.version)
        try change.endTokens(of: found.record, tenant: tenant, at: clock.now())
      }
      // Otherwise a completion was quicker: the page is read anew.
      guard try await records.commit(change) != nil else { continue }
      hasFoundAnything = true
      count += page.count
    }
  }

  private mutating func take(under prefix: Key) async throws(Failure) -> Int {
    var count = 0
    while true {
      let keys = try await records.keys(under: prefix, limit: LinkLimits.upkeepPage)
      guard !keys.isEmpty else { return count }
      try await delete(keys)
      count += keys.count
    }
  }

  private mutating func delete(_ keys: [Key]) async throws(Failure) {
    guard !keys.isEmpty else { return }
    var change = Change()
    for key in keys { change.delete(key) }
    _ = try await records.commit(change)
    hasFoundAnything = true
  }

  /// Accounts go, and their tokens wait to be ended at the provider: both or neither.
  private mutating func takeAccounts() async throws(Failure) -> Int {
    let prefix = RecordKey.accounts(tenant: tenant, profile: nil)
    var count = 0
    while true {
      let page = try await records.page(
        AccountRecord.self, under: prefix, after: nil, limit: LinkLimits.upkeepPage)
      guard !page.isEmpty else { return count }
      var change = Change()
      for (key, found) in page {
        change.delete(key)
        change.require(key, version: found.version)
        try change.put(
          RevocationRecord(found.record, at: clock.now()),
          at: RecordKey.revocation(tenant: tenant, id: try Revocations.newID()))
      }
      // Otherwise a renewal was quicker: the page is read anew.
      guard try await records.commit(change) != nil else { continue }
      hasFoundAnything = true
      count += page.count
      accounts += page.count
    }
  }

  /// What tells no more than that the tenant was there.
  private mutating func takeTraces() async throws(Failure) {
    let end = Array("/\(tenant)".utf8)
    var last: Key?
    repeat {
      let page = try await records.keys(
        under: RecordKey.keyUses, after: last, limit: LinkLimits.upkeepPage)
      try await delete(page.filter { $0.bytes.suffix(end.count).elementsEqual(end) })
      last = page.last
    } while last != nil
    let feed = RecordKey.feed(tenant: tenant)
    if try await records.bytes(at: feed) != nil { try await delete([feed]) }
  }
}

extension Failure {
  fileprivate static let tenantNotFound = Failure(
    code: .notFound, reason: .tenantNotFound, actor: .operator,
    message: "there is nothing of this tenant")
}
