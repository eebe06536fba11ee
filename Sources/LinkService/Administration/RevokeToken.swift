internal import LinkAPI
internal import RPC

extension AdministrationService {
  /// Deletes the token's record: the next call with it finds none.
  func revoke(
    _ request: RevokeTokenRequest, _ caller: Caller
  ) async throws(Failure) -> RevokeTokenResponse {
    let name = TokenName(request.name)
    var check = RequestCheck()
    check.require(name != nil, "name", "must be tenants/{tenant}/tokens/{token}")
    try check.finish()
    guard let name else { throw .tokenNotFound }
    guard caller.credential != .token(name.id) else { throw .tokenRevokesItself }
    try await trail.record(.revokeToken, request.name, by: caller, at: clock.now())
    do throws(Failure) {
      try await delete(name)
      credentialsChanged()
    } catch {
      guard error.reason == .tokenNotFound, request.allowMissing else { throw error }
    }
    return RevokeTokenResponse()
  }

  private func delete(_ name: TokenName) async throws(Failure) {
    guard let found = try await records.token(id: name.id),
      found.record.tenant.utf8.elementsEqual(name.tenant.utf8)
    else { throw .tokenNotFound }
    var change = Change()
    // Nothing but a revocation changes a token, so there is no version to require.
    change.delete(RecordKey.token(id: name.id))
    _ = try await records.commit(change)
  }
}

extension Failure {
  fileprivate static let tokenNotFound = Failure(
    code: .notFound, reason: .tokenNotFound, actor: .operator,
    message: "there is no token of this name")

  static let tokenRevokesItself = Failure(
    code: .failedPrecondition, reason: .tokenRevokesItself, actor: .operator,
    message: "nobody can end the credential that he calls with: do it with another one")
}
