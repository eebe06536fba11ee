internal import LinkAPI

/// What `accounts list` asks for.
struct AccountListing {
  let parent: String
  let provider: Provider?
  let states: [AccountState]

  func run(_ linkd: Linkd) async throws(Failure) -> [Account] {
    var request = ListAccountsRequest()
    request.parent = parent
    request.states = states
    if let provider { request.provider = provider }
    return try await Pages.all { page throws(Failure) in
      (request.pageToken, request.pageSize) = (page.token, page.size)
      let response = try await linkd.listAccounts(request)
      return (response.accounts, response.nextPageToken)
    }
  }
}
