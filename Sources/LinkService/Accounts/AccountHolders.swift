internal import LinkAPI
internal import Store

/// The profiles of a tenant in which one account at a provider is linked.
struct AccountHolders: Sendable {
  /// More profiles than that are not looked at: nobody shares an account so widely, and a look-up
  /// must have an end.
  private static let limit = 1000

  private let records: Records
  private let tenant: String
  /// The holders' profiles.
  let profiles: [(profile: String, account: String)]

  init(
    _ records: Records, tenant: String, provider: Provider, id: String
  ) async throws(Failure) {
    self.records = records
    self.tenant = tenant
    let prefix = RecordKey.identities(tenant: tenant, provider: provider, id: id)
    profiles = try await records.texts(under: prefix, limit: Self.limit).map { key, account in
      (String(decoding: key.bytes.dropFirst(prefix.bytes.count), as: UTF8.self), account)
    }
  }

  /// Whether any profile but this one has the account.
  func isHeld(outside profile: String) -> Bool {
    profiles.contains { !$0.profile.utf8.elementsEqual(profile.utf8) }
  }

  /// Whether any account but `excluded` lives of this token, or could end with it: by OAuth 2.0 each
  /// link has tokens of its own, but who ends one may end all of the same user and application.
  func need(
    _ token: RevocationRecord, but excluded: AccountName? = nil
  ) async throws(Failure) -> Bool {
    for holder in profiles {
      if let excluded, excluded.profile.utf8.elementsEqual(holder.profile.utf8) { continue }
      let account = try await records.account(
        tenant: tenant, profile: holder.profile, id: holder.account)
      if let record = account?.record, token.wouldEnd(record) { return true }
    }
    return false
  }

  /// The same of a token whose user is not known: any account of its application may be his.
  static func mayNeed(
    _ token: RevocationRecord, _ records: Records, tenant: String
  ) async throws(Failure) -> Bool {
    let prefix = RecordKey.accounts(tenant: tenant, profile: nil)
    var last: Key?
    while true {
      let page = try await records.accounts(
        under: prefix, after: last, limit: LinkLimits.upkeepPage)
      guard let end = page.last else { return false }
      if page.contains(where: { token.wouldEnd($0.record) }) { return true }
      last = end.key
    }
  }
}

extension RevocationRecord {
  fileprivate func wouldEnd(_ other: AccountRecord) -> Bool {
    guard linkMethod == .oauth2 else { return other.token.utf8.elementsEqual(token.utf8) }
    let (key, otherKey) = (keys?.consumerKey ?? "", other.keys?.consumerKey ?? "")
    return other.linkMethod == .oauth2 && key.utf8.elementsEqual(otherKey.utf8)
  }
}
