internal import LinkAPI
internal import Store
internal import TextCoding

/// What a `ListCertificates` asks for, read strictly.
struct CertificateQuery {
  /// Nil for all tenants.
  let tenant: String?
  let pageSize: Int
  let after: PagePosition?
  let digest: [UInt8]

  init(_ request: ListCertificatesRequest, _ caller: Caller) throws(Failure) {
    var check = RequestCheck()
    tenant = check.tenantOrAll(of: request.parent)
    pageSize = check.pageSize(request.pageSize)
    digest = try RequestDigest.of(request, by: caller.tenant)
    after = try check.page(request.pageToken, digest: digest)
    try check.finish()
  }

  func admits(_ record: CertificateRecord) -> Bool {
    tenant.map { $0.utf8.elementsEqual(record.tenant.utf8) } ?? true
  }
}

extension AdministrationService {
  /// Lists certificates by their ids, as `ListTokens` does tokens.
  func list(_ query: CertificateQuery) async throws(Failure) -> ListCertificatesResponse {
    let start = query.after.flatMap { Hex.decode($0.id.utf8) }.map(RecordKey.certificate)
    var found = try await records.page(
      CertificateRecord.self, under: RecordKey.certificates, after: start,
      limit: query.pageSize + 1)
    var response = ListCertificatesResponse()
    if found.count > query.pageSize {
      found.removeLast()
      response.nextPageToken =
        try found.last.map { last throws(Failure) in
          try PagePosition(last.key).token(query.digest)
        } ?? ""
    }
    response.certificates = found.map(\.found.record).filter(query.admits)
      .compactMap(\.certificate)
    return response
  }
}
