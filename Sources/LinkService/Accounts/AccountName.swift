internal import LinkAPI
internal import RPC

/// `profiles/{profile}/accounts/{account}`, taken apart.
struct AccountName: Sendable {
  let profile: String
  let account: String

  /// Nil unless the name is one that an account could have.
  init?(_ name: String) {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 4, parts[0].utf8.elementsEqual("profiles".utf8),
      parts[2].utf8.elementsEqual("accounts".utf8), RequestCheck.isProfile(parts[1]),
      RequestCheck.isProfile(parts[3])
    else { return nil }
    (profile, account) = (parts[1], parts[3])
  }
}

extension RequestCheck {
  /// Reads the name of an account, or throws with whatever else is wrong so far.
  mutating func account(_ name: String) throws(Failure) -> AccountName {
    let parsed = AccountName(name)
    require(parsed != nil, "name", "must be profiles/{profile}/accounts/{account}")
    try finish()
    guard let parsed else { throw .accountNotFound }
    return parsed
  }
}

extension Records {
  /// The account of this name, which must be the caller's.
  ///
  /// One that another tenant has is as unknown as one that nobody has.
  func account(
    _ name: AccountName, of tenant: String
  ) async throws(Failure) -> Versioned<AccountRecord> {
    guard let found = try await account(tenant: tenant, profile: name.profile, id: name.account)
    else { throw .accountNotFound }
    return found
  }
}

extension Failure {
  static let accountNotFound = Failure(
    code: .notFound, reason: .accountNotFound, actor: .developer,
    message: "there is no account of this name")
}
