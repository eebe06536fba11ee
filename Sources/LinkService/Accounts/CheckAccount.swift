internal import LinkAPI
internal import OAuth
internal import Protobuf

/// What a `CheckAccount` asks, read strictly.
struct CheckQuery {
  let name: AccountName
  let withProfile: Bool
  private let maxAge: ProtoDuration

  init(_ request: CheckAccountRequest) throws(Failure) {
    var check = RequestCheck()
    maxAge = request.maxAge ?? ProtoDuration()
    check.require(
      maxAge.seconds >= 0 && maxAge.nanos >= 0, "max_age", "must not be negative")
    withProfile = request.withProfile
    name = try check.account(request.name)
  }

  /// Whether what was said at `time` will do now.
  func isAnswered(by time: Timestamp?, now: Timestamp) -> Bool {
    guard let time, maxAge.seconds > 0, !withProfile else { return false }
    let (age, overflow) = now.seconds.subtractingReportingOverflow(time.seconds)
    return !overflow && age <= maxAge.seconds
  }
}

extension AccountProfile {
  /// What an identity tells beside the names that an account has.
  fileprivate init(_ identity: Identity) {
    self.init()
    displayName = identity.name ?? ""
    pictureURL = identity.profileImageURL ?? ""
  }
}

extension LinkingService {
  func check(
    _ query: CheckQuery, _ caller: Caller, timeout: Duration
  ) async throws(Failure) -> CheckAccountResponse {
    var response = CheckAccountResponse()
    let known = try await records.account(query.name, of: caller.tenant).record.account
    if query.isAnswered(by: known?.checkTime, now: clock.now()) {
      response.account = known
    } else {
      let checked = try await checker.check(
        query.name, of: caller.tenant, withProfile: query.withProfile, timeout: timeout)
      response.account = checked.account
      if query.withProfile { response.profile = checked.identity.map(AccountProfile.init) }
    }
    return response
  }
}
