internal import LinkAPI
internal import Protobuf

/// What a `CheckAccount` asks, read strictly.
struct CheckQuery {
  let name: AccountName
  private let maxAge: ProtoDuration

  init(_ request: CheckAccountRequest) throws(Failure) {
    var check = RequestCheck()
    maxAge = request.maxAge ?? ProtoDuration()
    check.require(
      maxAge.seconds >= 0 && maxAge.nanos >= 0, "max_age", "must not be negative")
    name = try check.account(request.name)
  }

  /// Whether what was said at `time` will do now.
  func isAnswered(by time: Timestamp?, now: Timestamp) -> Bool {
    guard let time, maxAge.seconds > 0 else { return false }
    let (age, overflow) = now.seconds.subtractingReportingOverflow(time.seconds)
    return !overflow && age <= maxAge.seconds
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
      response.account = try await checker.check(query.name, of: caller.tenant, timeout: timeout)
    }
    return response
  }
}
