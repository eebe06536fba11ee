internal import LinkAPI

extension LinkingService {
  func get(_ request: GetAccountRequest, _ caller: Caller) async throws(Failure)
    -> GetAccountResponse
  {
    var check = RequestCheck()
    let found = try await records.account(try check.account(request.name), of: caller.tenant)
    var response = GetAccountResponse()
    response.account = found.record.account
    return response
  }
}
