internal import LinkAPI
internal import OAuth
internal import OpenSSL
internal import TextCoding
internal import Protobuf
internal import Store

/// The user that X has said a token is of.
struct LinkedUser: Sendable {
  /// X's permanent id: 1 to 20 digits.
  let id: String
  let screenName: String
  let tokens: AccountTokens

  private static let idLength = 1...20

  /// Nil unless X has named the user.
  init?(_ grant: AccessGrant, for link: LinkRecord) {
    guard let id = grant.userID, let screenName = grant.screenName else { return nil }
    self.init(id: id, screenName: screenName, AccountTokens(grant, for: link))
  }

  /// Nil unless the identity is one of X's.
  init?(_ identity: Identity, _ tokens: AccountTokens) {
    self.init(id: identity.userID, screenName: identity.screenName, tokens)
  }

  /// Nil unless the id can stand in a key of the store.
  private init?(id: String, screenName: String, _ tokens: AccountTokens) {
    guard Self.idLength.contains(id.utf8.count),
      id.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    self.id = id
    self.screenName = screenName
    self.tokens = tokens
  }
}

extension LinkedUser: Redacted {}

/// What must be written for an account that has just been linked: a new account, or a new token
/// for the one that this provider's user has in this profile already.
struct AccountChange {
  private(set) var change = Change()
  let event: AccountEvent
  let response: CompleteLinkResponse

  private static let idLength = 10

  init(
    _ records: Records, _ link: LinkRecord, _ user: LinkedUser, now: Timestamp
  ) async throws(Failure) {
    let identity = RecordKey.identity(
      tenant: link.tenant, provider: link.provider, id: user.id, profile: link.profile)
    let known = try await records.bytes(at: identity)
    let id: String
    if let known {
      id = String(decoding: known.value, as: UTF8.self)
    } else {
      id = try Self.newID()
    }
    let old = try await records.account(tenant: link.tenant, profile: link.profile, id: id)

    var account = old?.record.account ?? Account()
    account.name = "profiles/\(link.profile)/accounts/\(id)"
    account.update(link, user, now: now)
    var response = CompleteLinkResponse()
    response.account = account
    response.relinked = old != nil
    self.response = response
    event = AccountEvent(old == nil ? .linked : .relinked, account, at: now)

    let key = RecordKey.account(tenant: link.tenant, profile: link.profile, account: id)
    change.put(id, at: identity)
    change.require(identity, version: known?.version)
    try change.put(AccountRecord(account, link, user), at: key)
    change.require(key, version: old?.version)
    if let old { try endToken(of: old.record, unlessOf: link, now) }
  }

  /// An application has one token for each user, so a new one takes the place of the old one; that
  /// of another application would live on.
  private mutating func endToken(
    of old: AccountRecord, unlessOf link: LinkRecord, _ now: Timestamp
  ) throws(Failure) {
    let isSameMethod = old.linkMethod == link.linkMethod.orOAuth1
    let (old, new) = (RevocationRecord(old, at: now), link.keys?.consumerKey ?? "")
    let isSameApp = old.keys?.consumerKey.utf8.elementsEqual(new.utf8) == true
    guard !isSameApp || !isSameMethod else { return }
    try change.put(
      old, at: RecordKey.revocation(tenant: link.tenant, id: try Revocations.newID()))
  }

  private static func newID() throws(Failure) -> String {
    do { return Hex.encode(try Random.bytes(idLength)) } catch {
      throw .broken("no randomness", cause: error)
    }
  }
}

extension Account {
  fileprivate mutating func update(_ link: LinkRecord, _ user: LinkedUser, now: Timestamp) {
    provider = link.provider
    providerAccountID = user.id
    screenName = user.screenName
    state = .active
    accessLevel = user.tokens.access
    scopes = user.tokens.scopes
    linkMethod = link.linkMethod.orOAuth1
    keySet = link.keySet
    createTime = createTime ?? now
    updateTime = now
    linkTime = now
  }
}

extension AccountRecord {
  fileprivate init(_ account: Account, _ link: LinkRecord, _ user: LinkedUser) {
    self.init()
    self.account = account
    self.keys = link.keys
    self.keySetVersion = link.keySetVersion
    self.requestedAccess = link.accessLevel
    take(user.tokens)
  }
}
