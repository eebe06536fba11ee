internal import LinkAPI
internal import Protobuf
internal import Store

extension LinkingService {
  /// Forgets the account, then tells the provider, and then destroys what the disk still holds of it.
  func unlink(
    _ request: UnlinkAccountRequest, _ caller: Caller, timeout: Duration
  ) async throws(Failure) -> UnlinkAccountResponse {
    var check = RequestCheck()
    let name = try check.account(request.name)
    var response = UnlinkAccountResponse()
    try await audit(.unlinkAccount, request.name, by: caller)
    do throws(Failure) {
      let revocation = try await forget(name, caller)
      response.revocation = .stillNeeded
      if let revocation {
        response.revocation =
          await revocations.attempt(revocation, timeout: timeout).revocation
      }
    } catch {
      guard error.reason == .accountNotFound, request.allowMissing else { throw error }
      response.revocation = .nothingToDo
    }
    // While it is pending the token is still needed; then the upkeep does this.
    if response.revocation != .pending { try await records.eraseReplaced() }
    return response
  }

  /// Removes the account, and returns where the token waits to be ended at the provider; nil if
  /// another profile lives of the same token.
  private func forget(_ name: AccountName, _ caller: Caller) async throws(Failure) -> Key? {
    let id = try Revocations.newID()
    return try await ledger.write(tenant: caller.tenant) { () async throws(Failure) in
      let found = try await records.account(name, of: caller.tenant)
      let account = found.record.account ?? Account()
      let identity = RecordKey.identity(
        tenant: caller.tenant, provider: account.provider, id: account.providerAccountID,
        profile: name.profile)
      let holders = try await AccountHolders(
        records, tenant: caller.tenant, provider: account.provider, id: account.providerAccountID)
      let token = RevocationRecord(found.record, at: clock.now())
      let isNeeded = try await holders.need(token, but: name)

      let key = RecordKey.account(
        tenant: caller.tenant, profile: name.profile, account: name.account)
      let revocation = RecordKey.revocation(tenant: caller.tenant, id: id)
      var draft = Draft<Key?>(value: isNeeded ? nil : revocation)
      draft.change.delete(key)
      draft.change.require(key, version: found.version)
      draft.change.delete(identity)
      if !isNeeded {
        try draft.change.put(token, at: revocation)
      }
      draft.event = AccountEvent(.unlinked, account, at: clock.now())
      return draft
    }
  }
}
