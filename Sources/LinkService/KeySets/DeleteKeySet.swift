internal import LinkAPI

extension LinkingService {
  func delete(
    _ request: DeleteKeySetRequest, _ caller: Caller
  ) async throws(Failure) -> DeleteKeySetResponse {
    var check = RequestCheck()
    let key = RecordKey.keySet(tenant: caller.tenant, try check.keySet(request.name))
    try await audit(.deleteKeySet, request.name, by: caller)
    if try await records.keySet(at: key) != nil {
      var change = Change()
      change.delete(key)
      _ = try await records.commit(change)
    } else if !request.allowMissing {
      throw .keySetNotFound
    }
    // Also where nothing was found: an earlier call may have got no further.
    try await records.eraseReplaced()
    return DeleteKeySetResponse()
  }
}
