internal import LinkAPI
internal import Protobuf
internal import TextCoding

/// What a `WatchAccounts` asks for, read strictly.
struct WatchQuery: Sendable {
  /// Nil for all profiles.
  let profile: String?
  /// Nil to begin with what is there.
  let resume: ResumeToken?
  let digest: [UInt8]

  init(_ request: WatchAccountsRequest, _ caller: Caller) throws(Failure) {
    var check = RequestCheck()
    profile = check.profileOrAll(of: request.parent)
    digest = try RequestDigest.of(request, by: caller.tenant)
    resume = check.resumeToken(request.resumeToken, digest: digest)
    try check.finish()
  }

  /// Whether the stream tells of this account.
  func admits(_ account: Account?) -> Bool {
    guard let profile else { return true }
    return account?.name.utf8.starts(with: "profiles/\(profile)/".utf8) ?? false
  }

  /// The place after the event of this number and id, as callers hold it.
  func token(
    _ feed: FeedRecord, after sequence: UInt64, _ eventID: [UInt8]
  ) throws(Failure) -> String {
    var token = ResumeToken()
    token.feedID = feed.id
    token.sequence = sequence
    token.eventID = eventID
    token.requestDigest = digest
    do { return Hex.encode(try token.serialized()) } catch {
      throw .broken("a resume token is too large", cause: error)
    }
  }
}

extension RequestCheck {
  fileprivate mutating func resumeToken(_ text: String, digest: [UInt8]) -> ResumeToken? {
    guard !text.isEmpty else { return nil }
    let token = Hex.decode(text.utf8.prefix(LinkLimits.pageTokenLength))
      .flatMap { try? ResumeToken(serialized: $0) }
    guard let token, token.requestDigest == digest else {
      require(false, "resume_token", "must be one of a stream with the same parent")
      return nil
    }
    return token
  }
}
