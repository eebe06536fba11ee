internal import LinkAPI
internal import Store
internal import TextCoding

/// What a `ListTokens` asks for, read strictly.
struct TokenQuery {
  /// Nil for all tenants.
  let tenant: String?
  let pageSize: Int
  let after: PagePosition?
  let digest: [UInt8]

  init(_ request: ListTokensRequest, _ caller: Caller) throws(Failure) {
    var check = RequestCheck()
    tenant = check.tenantOrAll(of: request.parent)
    pageSize = check.pageSize(request.pageSize)
    digest = try RequestDigest.of(request, by: caller.tenant)
    after = try check.page(request.pageToken, digest: digest)
    try check.finish()
  }

  func admits(_ record: TokenRecord) -> Bool {
    tenant.map { $0.utf8.elementsEqual(record.tenant.utf8) } ?? true
  }
}

extension RequestCheck {
  /// The tenant that `tenants/{tenant}` names; nil stands for `tenants/-`, all of them.
  mutating func tenantOrAll(of parent: String) -> String? {
    let tenant = TenantName(parent)?.tenant
    require(
      tenant != nil || parent.utf8.elementsEqual("tenants/-".utf8), "parent",
      "must be tenants/{tenant} or tenants/-, where the tenant \(Self.nameRule)")
    return tenant
  }
}

extension AdministrationService {
  /// Lists tokens by their ids: as in `ListAccounts`, what a filter leaves out makes a page short.
  func list(_ query: TokenQuery) async throws(Failure) -> ListTokensResponse {
    let start = query.after.flatMap { Hex.decode($0.id.utf8) }.map(RecordKey.token)
    var found = try await records.page(
      TokenRecord.self, under: RecordKey.tokens, after: start, limit: query.pageSize + 1)
    var response = ListTokensResponse()
    if found.count > query.pageSize {
      found.removeLast()
      response.nextPageToken =
        try found.last.map { last throws(Failure) in
          try PagePosition(last.key).token(query.digest)
        } ?? ""
    }
    response.tokens = found.compactMap { key, found in
      guard query.admits(found.record), let id = Hex.decode(PagePosition(key).id.utf8) else {
        return nil
      }
      return Token(found.record, id: id)
    }
    return response
  }
}
