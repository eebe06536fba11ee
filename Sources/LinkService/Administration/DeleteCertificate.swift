internal import LinkAPI
internal import RPC

extension AdministrationService {
  /// Deletes the certificate's record: the next call with it finds none.
  func delete(
    _ request: DeleteCertificateRequest, _ caller: Caller
  ) async throws(Failure) -> DeleteCertificateResponse {
    let name = CertificateName(request.name)
    var check = RequestCheck()
    check.require(name != nil, "name", "must be tenants/{tenant}/certificates/{certificate}")
    try check.finish()
    guard let name else { throw .certificateNotFound }
    if case .certificate(let own, _) = caller.credential, own == name.id {
      throw .tokenRevokesItself
    }
    try await trail.record(.deleteCertificate, request.name, by: caller, at: clock.now())
    do throws(Failure) {
      try await delete(name)
      credentialsChanged()
    } catch {
      guard error.reason == .certificateNotFound, request.allowMissing else { throw error }
    }
    return DeleteCertificateResponse()
  }

  private func delete(_ name: CertificateName) async throws(Failure) {
    guard let found = try await records.certificate(id: name.id),
      found.record.tenant.utf8.elementsEqual(name.tenant.utf8)
    else { throw .certificateNotFound }
    let key = RecordKey.certificate(id: name.id)
    var change = Change()
    change.delete(key)
    change.require(key, version: found.version)
    // Somebody else has deleted it, or made it anew for another tenant.
    guard try await records.commit(change) != nil else { throw .certificateNotFound }
  }
}

extension Failure {
  fileprivate static let certificateNotFound = Failure(
    code: .notFound, reason: .certificateNotFound, actor: .operator,
    message: "there is no certificate of this name")
}
