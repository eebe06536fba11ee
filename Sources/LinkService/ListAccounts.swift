internal import LinkAPI
internal import TextCoding
internal import Protobuf
internal import Store

/// What a `ListAccounts` asks for, read strictly.
struct AccountQuery {
  /// Nil for all profiles.
  let profile: String?
  let provider: Provider
  let states: Set<AccountState>
  let pageSize: Int
  /// The account that the page before ended with.
  let after: (profile: String, account: String)?
  let digest: [UInt8]

  init(_ request: ListAccountsRequest) throws(Failure) {
    var check = RequestCheck()
    profile = check.profileOrAll(of: request.parent)
    check.require(request.pageSize >= 0, "page_size", "must not be negative")
    digest = try RequestDigest.of(request)
    after = check.page(request.pageToken, digest: digest)
    try check.finish()
    provider = request.provider
    states = Set(request.states)
    pageSize =
      request.pageSize == 0
      ? LinkLimits.defaultPageSize : min(Int(request.pageSize), LinkLimits.largestPageSize)
  }

  func admits(_ account: Account) -> Bool {
    (provider == .unspecified || provider == account.provider)
      && (states.isEmpty || states.contains(account.state))
  }
}

extension RequestCheck {
  fileprivate mutating func page(
    _ token: String, digest: [UInt8]
  ) -> (profile: String, account: String)? {
    guard !token.isEmpty else { return nil }
    let page = Hex.decode(token.utf8.prefix(LinkLimits.pageTokenLength))
      .flatMap { try? PageToken(serialized: $0) }
    guard let page, page.requestDigest == digest else {
      require(
        false, "page_token",
        "must be the next_page_token of a call that differed in page_size at most")
      return nil
    }
    return (page.profile, page.accountID)
  }
}

extension LinkingService {
  func list(_ query: AccountQuery, _ caller: Caller) async throws(Failure) -> ListAccountsResponse {
    let prefix = RecordKey.accounts(tenant: caller.tenant, profile: query.profile)
    let start = query.after.map {
      RecordKey.account(tenant: caller.tenant, profile: $0.profile, account: $0.account)
    }
    // One more than the page holds, to know whether another one follows. A filter is applied to
    // what was read: such a page may be short, but its reading is bounded.
    var found = try await records.accounts(
      under: prefix, after: start, limit: query.pageSize + 1)
    var response = ListAccountsResponse()
    if found.count > query.pageSize {
      found.removeLast()
      response.nextPageToken = try Self.pageToken(after: found.last?.key, query)
    }
    response.accounts = found.compactMap { $0.record.account }.filter(query.admits)
    return response
  }

  private static func pageToken(
    after key: Key?, _ query: AccountQuery
  ) throws(Failure) -> String {
    let parts = (key?.bytes ?? []).split(separator: UInt8(ascii: "/")).map {
      String(decoding: $0, as: UTF8.self)
    }
    var page = PageToken()
    page.profile = parts.dropLast().last ?? ""
    page.accountID = parts.last ?? ""
    page.requestDigest = query.digest
    do { return Hex.encode(try page.serialized()) } catch {
      throw .broken("a page token is too large", cause: error)
    }
  }
}
