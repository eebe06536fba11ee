internal import LinkAPI

/// What a `ListKeySets` asks for, read strictly.
struct KeySetQuery {
  /// Whose: the tenant's own, or those of one profile or of all.
  enum Scope {
    case tenant
    case profile(String?)
  }

  let scope: Scope
  let pageSize: Int
  let after: PagePosition?
  let digest: [UInt8]

  init(_ request: ListKeySetsRequest, _ caller: Caller) throws(Failure) {
    var check = RequestCheck()
    if request.parent.isEmpty {
      scope = .tenant
    } else {
      scope = .profile(check.profileOrAll(of: request.parent))
    }
    pageSize = check.pageSize(request.pageSize)
    digest = try RequestDigest.of(request, by: caller.tenant)
    after = try check.page(request.pageToken, digest: digest)
    try check.finish()
  }
}

extension LinkingService {
  func list(_ query: KeySetQuery, _ caller: Caller) async throws(Failure) -> ListKeySetsResponse {
    let prefix = RecordKey.keySets(tenant: caller.tenant, query.scope)
    let start = query.after.map {
      RecordKey.keySet(tenant: caller.tenant, query.scope, profile: $0.profile, id: $0.id)
    }
    var found = try await records.page(
      KeySetRecord.self, under: prefix, after: start, limit: query.pageSize + 1)
    var response = ListKeySetsResponse()
    if found.count > query.pageSize {
      found.removeLast()
      response.nextPageToken =
        try found.last.map { last throws(Failure) in
          try PagePosition(last.key).token(query.digest)
        } ?? ""
    }
    response.keySets = found.compactMap(\.found.record.keySet)
    return response
  }
}
