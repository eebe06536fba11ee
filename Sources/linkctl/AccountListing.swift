internal import LinkAPI

/// Fetches accounts, page after page.
struct AccountListing {
  /// What one answer may hold at most; the server gives fewer where it must.
  private static let pageSize: Int32 = 500
  /// More pages than anybody reads: a server that never ends must not fill this machine.
  private static let mostPages = 2000

  let parent: String
  let provider: Provider?
  let states: [AccountState]

  func run(_ linkd: Linkd) async throws(Failure) -> [Account] {
    var request = ListAccountsRequest()
    request.parent = parent
    request.pageSize = Self.pageSize
    request.states = states
    if let provider { request.provider = provider }
    var accounts: [Account] = []
    for _ in 0..<Self.mostPages {
      let page = try await linkd.listAccounts(request)
      accounts += page.accounts
      guard !page.nextPageToken.isEmpty else { return accounts }
      request.pageToken = page.nextPageToken
    }
    throw Failure(.serverFault, "linkd's list has no end")
  }
}
