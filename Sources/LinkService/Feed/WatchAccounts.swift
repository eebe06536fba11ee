internal import LinkAPI
internal import Protobuf
internal import Store
internal import RPC

extension LinkingService {
  /// Tells what happens to accounts, from where the query wants it, until the task is cancelled,
  /// `send` throws, the caller's token is revoked or runs out, or linkd shuts down.
  ///
  /// What is not taken waits in the store, not in memory; who is too slow for the feed's length is
  /// told to begin again.
  func watch(
    _ query: WatchQuery, _ caller: Caller,
    _ send: (WatchAccountsResponse) async throws(Failure) -> Void
  ) async throws(Failure) {
    // Before anything is read, so that nothing can happen unnoticed in between.
    guard let (news, look) = ledger.watchers.watch(tenant: caller.tenant) else {
      throw .tooManyStreams
    }
    let recheck = Task {
      while (try? await Task.sleep(for: LinkLimits.watcherRecheck)) != nil { look.yield() }
    }
    defer { recheck.cancel() }
    let feed = try await feed(of: caller.tenant)
    var watch = Watch(records: records, query: query, tenant: caller.tenant, feed: feed)
    if let resume = query.resume {
      try await watch.resume(at: resume)
    } else {
      try await watch.tellExisting(send)
    }
    try await watch.tellNews(send)
    for await _ in news {
      guard try await records.isGood(caller, at: clock.now()) else { throw .unauthenticated }
      try await watch.tellNews(send)
    }
    // Cancelled, and nobody reads this; or the end of linkd.
    throw .shuttingDown
  }

  /// Where the feed is now; begins one where there is none, so that its place has a name.
  private func feed(of tenant: String) async throws(Failure) -> FeedRecord {
    if let known = try await records.feed(tenant: tenant) { return known.record }
    let head = try await FeedHead(records, tenant: tenant)
    var change = Change()
    try change.put(head.record, at: RecordKey.feed(tenant: tenant))
    change.require(RecordKey.feed(tenant: tenant), version: nil)
    if try await records.commit(change) != nil { return head.record }
    // Somebody else was quicker.
    guard let known = try await records.feed(tenant: tenant) else {
      throw .broken("a feed is gone")
    }
    return known.record
  }
}

/// One stream, and how far it has come.
private struct Watch {
  /// After so many events of other profiles the stream gets a new place to resume at.
  private static let bookmarkInterval = 256

  let records: Records
  let query: WatchQuery
  let tenant: String
  let feed: FeedRecord
  /// The last event that was told or passed over.
  private var position: UInt64
  /// The id of that event; empty if it has none.
  private var positionID: [UInt8]
  private var passedOver = 0

  init(records: Records, query: WatchQuery, tenant: String, feed: FeedRecord) {
    self.records = records
    self.query = query
    self.tenant = tenant
    self.feed = feed
    (position, positionID) = (feed.lastSequence, feed.lastEventID)
  }

  mutating func resume(at token: ResumeToken) async throws(Failure) {
    // An unknown feed, or a place that it has not come to, or has come to in another way: the store
    // was put back.
    guard token.feedID == feed.id, token.sequence <= feed.lastSequence,
      token.sequence &+ 1 >= feed.firstSequence, try await isEvent(token)
    else { throw .resumeTokenExpired }
    (position, positionID) = (token.sequence, token.eventID)
  }

  /// Whether the event that the token was given for is the one that has its number now, as far as both
  /// have ids.
  ///
  /// Of one that is kept no more nobody can say it.
  private func isEvent(_ token: ResumeToken) async throws(Failure) -> Bool {
    guard !token.eventID.isEmpty else { return true }
    let known: [UInt8]
    if token.sequence == feed.lastSequence {
      known = feed.lastEventID
    } else {
      guard
        let found = try await records.event(tenant: tenant, sequence: token.sequence)
      else { return false }
      known = found.record.id
    }
    return known.isEmpty || known == token.eventID
  }

  /// Tells the accounts that are there, and then where that was.
  func tellExisting(
    _ send: (WatchAccountsResponse) async throws(Failure) -> Void
  ) async throws(Failure) {
    let prefix = RecordKey.accounts(tenant: tenant, profile: query.profile)
    var last: Key?
    repeat {
      let page = try await records.accounts(
        under: prefix, after: last, limit: LinkLimits.feedPage)
      for (_, record) in page {
        guard let account = record.account else { continue }
        var response = WatchAccountsResponse()
        response.event = AccountEvent(
          .existing, account, at: account.updateTime ?? Timestamp())
        try await send(response)
      }
      last = page.last?.key
    } while last != nil
    try await send(try bookmark())
  }

  /// Tells everything that has happened since.
  mutating func tellNews(
    _ send: (WatchAccountsResponse) async throws(Failure) -> Void
  ) async throws(Failure) {
    while true {
      let page = try await records.page(
        EventRecord.self, under: RecordKey.events(tenant: tenant),
        after: RecordKey.event(tenant: tenant, sequence: position), limit: LinkLimits.feedPage)
      guard !page.isEmpty else { return }
      for (_, found) in page { try await tell(found.record, send) }
    }
  }

  private mutating func tell(
    _ record: EventRecord, _ send: (WatchAccountsResponse) async throws(Failure) -> Void
  ) async throws(Failure) {
    // The feed has let events go that were not told yet.
    guard record.sequence == position &+ 1 else { throw .resumeTokenExpired }
    (position, positionID) = (record.sequence, record.id)
    if query.admits(record.event?.account) {
      passedOver = 0
      var response = try bookmark()
      response.event = record.event
      try await send(response)
    } else {
      passedOver += 1
      guard passedOver >= Self.bookmarkInterval else { return }
      passedOver = 0
      try await send(try bookmark())
    }
  }

  private func bookmark() throws(Failure) -> WatchAccountsResponse {
    var response = WatchAccountsResponse()
    response.resumeToken = try query.token(feed, after: position, positionID)
    return response
  }
}

extension Failure {
  /// Nobody is there to read it.
  static func callIsOver(_ error: any Error) -> Failure {
    Failure(
      code: .cancelled, reason: .internal, actor: .developer, message: "the call is over",
      cause: error)
  }

  fileprivate static let shuttingDown = Failure(
    code: .unavailable, reason: .internal, actor: .operator,
    message: "linkd is shutting down: watch again from the last resume token",
    retryAfter: .seconds(1))

  fileprivate static let resumeTokenExpired = Failure(
    code: .outOfRange, reason: .resumeTokenExpired, actor: .developer,
    message: "the feed does not hold what came after this resume token: watch from the beginning")

  fileprivate static let tooManyStreams = Failure(
    code: .resourceExhausted, reason: .askedTooOften, actor: .developer,
    message: "the tenant has \(LinkLimits.watchersPerTenant) streams open already",
    retryAfter: .seconds(60))
}
