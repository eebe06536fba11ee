internal import LinkAPI

extension LinkingService {
  func delete(
    _ request: DeleteKeySetRequest, _ caller: Caller
  ) async throws(Failure) -> DeleteKeySetResponse {
    var check = RequestCheck()
    let key = RecordKey.keySet(tenant: caller.tenant, try check.keySet(request.name))
    try await audit(.deleteKeySet, request.name, by: caller)
    guard try await records.keySet(at: key) != nil else {
      guard request.allowMissing else { throw .keySetNotFound }
      return DeleteKeySetResponse()
    }
    var change = Change()
    change.delete(key)
    _ = try await records.commit(change)
    return DeleteKeySetResponse()
  }
}
