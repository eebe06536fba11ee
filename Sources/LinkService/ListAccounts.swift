internal import LinkAPI

/// What a `ListAccounts` asks for, read strictly.
struct AccountQuery {
  /// Nil for all profiles.
  let profile: String?
  let provider: Provider
  let states: Set<AccountState>
  let pageSize: Int
  /// The account that the page before ended with.
  let after: PagePosition?
  let digest: [UInt8]

  init(_ request: ListAccountsRequest, _ caller: Caller) throws(Failure) {
    var check = RequestCheck()
    profile = check.profileOrAll(of: request.parent)
    pageSize = check.pageSize(request.pageSize)
    digest = try RequestDigest.of(request, by: caller)
    after = check.page(request.pageToken, digest: digest)
    try check.finish()
    provider = request.provider
    states = Set(request.states)
  }

  func admits(_ account: Account) -> Bool {
    (provider == .unspecified || provider == account.provider)
      && (states.isEmpty || states.contains(account.state))
  }
}

extension LinkingService {
  func list(_ query: AccountQuery, _ caller: Caller) async throws(Failure) -> ListAccountsResponse {
    let prefix = RecordKey.accounts(tenant: caller.tenant, profile: query.profile)
    let start = query.after.map {
      RecordKey.account(tenant: caller.tenant, profile: $0.profile, account: $0.id)
    }
    // One more than the page holds, to know whether another one follows. A filter is applied to
    // what was read: such a page may be short, but its reading is bounded.
    var found = try await records.accounts(
      under: prefix, after: start, limit: query.pageSize + 1)
    var response = ListAccountsResponse()
    if found.count > query.pageSize {
      found.removeLast()
      response.nextPageToken =
        try found.last.map { last throws(Failure) in
          try PagePosition(last.key).token(query.digest)
        } ?? ""
    }
    response.accounts = found.compactMap { $0.record.account }.filter(query.admits)
    return response
  }
}
