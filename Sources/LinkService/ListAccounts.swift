internal import LinkAPI
internal import Store

/// What a `ListAccounts` asks for, read strictly.
struct AccountQuery {
  /// Nil for all profiles.
  let profile: String?
  let provider: Provider
  let states: Set<AccountState>
  let pageSize: Int
  /// The account that the page before ended with.
  let after: PagePosition?
  private let request: ListAccountsRequest
  private let tenant: String

  init(_ request: ListAccountsRequest, _ caller: Caller) throws(Failure) {
    self.request = request
    tenant = caller.tenant
    var check = RequestCheck()
    profile = check.profileOrAll(of: request.parent)
    pageSize = check.pageSize(request.pageSize)
    after = try check.page(request.pageToken, digest: RequestDigest.of(request, by: caller.tenant))
    try check.finish()
    provider = request.provider
    states = Set(request.states)
  }

  /// The page after this key, as callers hold it.
  func token(after key: Key) throws(Failure) -> String {
    try PagePosition(key).token(RequestDigest.of(request, by: tenant))
  }

  /// Whether there may be accounts that it does not admit.
  var isFiltered: Bool { provider != .unspecified || !states.isEmpty }

  func admits(_ account: Account) -> Bool {
    (provider == .unspecified || provider == account.provider)
      && (states.isEmpty || states.contains(account.state))
  }
}

extension AccountQuery {
  /// The records that the page is made of: one more than it holds, to know whether another one
  /// follows.
  fileprivate var range: (prefix: Key, after: Key?, limit: Int) {
    let start = after.map {
      RecordKey.account(tenant: tenant, profile: $0.profile, account: $0.id)
    }
    return (RecordKey.accounts(tenant: tenant, profile: profile), start, pageSize + 1)
  }
}

extension LinkingService {
  func list(_ query: AccountQuery) async throws(Failure) -> ListAccountsResponse {
    let (prefix, start, limit) = query.range
    return try page(
      of: try await records.entries(under: prefix, after: start, limit: limit), for: query)
  }

  /// Nil if that takes time.
  func listAtOnce(_ query: AccountQuery) throws(Failure) -> ListAccountsResponse? {
    guard let stateNumber = records.stateNumber else { return nil }
    let (prefix, start, limit) = query.range
    if start == nil, let all = accountPages.accounts(under: prefix, in: stateNumber),
      all.count <= query.pageSize
    {
      return query.response(all)
    }
    guard let found = records.entriesAtOnce(under: prefix, after: start, limit: limit) else {
      return nil
    }
    return try page(of: found, for: query, in: stateNumber)
  }

  private func page(
    of found: [(key: Key, entry: Entry)], for query: AccountQuery, in stateNumber: UInt64? = nil
  ) throws(Failure) -> ListAccountsResponse {
    guard found.count > query.pageSize || query.after != nil else {
      let prefix = query.range.prefix
      return query.response(
        try accountPages.accounts(of: found, under: prefix, in: stateNumber))
    }
    var (found, isLast) = (found, true)
    if found.count > query.pageSize {
      found.removeLast()
      isLast = false
    }
    var response = query.response(try AccountPages.accounts(of: found))
    if !isLast, let last = found.last { response.nextPageToken = try query.token(after: last.key) }
    return response
  }
}

extension AccountQuery {
  /// A filter is applied to what was read: such a page may be short, but its reading is bounded.
  fileprivate func response(_ accounts: [Account]) -> ListAccountsResponse {
    var response = ListAccountsResponse()
    response.accounts = isFiltered ? accounts.filter(admits) : accounts
    return response
  }
}
