import FakeX
import LinkAPI
import LinkService
import RPC
import Testing

/// One of X's errors, and what becomes of it.
struct Row: Sendable, CustomTestStringConvertible {
  let code: Int
  let status: StatusCode
  let reason: String
  let actor: String
  /// What `CheckAccount` makes of the account; unspecified where it fails like the others.
  let state: AccountState
  /// Why, and who can mend it, if that is not what the others say.
  let problem: (reason: ErrorReason, actor: Actor)
  var testDescription: String { "\(code) is \(reason)" }

  private init(
    _ code: Int, _ status: StatusCode, _ reason: String, _ actor: String,
    _ state: AccountState = .unspecified,
    _ problem: (ErrorReason, Actor) = (.unspecified, .unspecified)
  ) {
    self.code = code
    self.status = status
    self.reason = reason
    self.actor = actor
    self.state = state
    self.problem = problem
  }

  private static func refused(_ code: Int) -> Row {
    Row(code, .failedPrecondition, "X_REFUSED", "DEVELOPER")
  }

  private static func badKeys(_ code: Int) -> Row {
    Row(
      code, .failedPrecondition, "X_BAD_CONSUMER_KEYS", "DEVELOPER", .reauthRequired,
      (.reauthRequired, .endUser))
  }

  private static func locked(_ code: Int) -> Row {
    Row(
      code, .failedPrecondition, "ACCOUNT_LOCKED", "END_USER", .locked, (.accountLocked, .endUser))
  }

  private static func failing(_ code: Int) -> Row {
    Row(code, .unavailable, "PROVIDER_UNAVAILABLE", "PROVIDER")
  }

  /// Every row of X's table.
  static let all = [
    badKeys(32), refused(38), locked(63), locked(64), refused(87),
    Row(88, .resourceExhausted, "X_RATE_LIMITED", "PROVIDER"),
    Row(89, .failedPrecondition, "X_REFUSED", "END_USER", .revoked, (.linkRevoked, .endUser)),
    refused(93), Row(99, .failedPrecondition, "X_BAD_CONSUMER_KEYS", "DEVELOPER"), failing(130),
    failing(131), Row(135, .failedPrecondition, "X_CLOCK_SKEW", "PROVIDER"), badKeys(215),
    refused(220), refused(226), refused(261), locked(326),
    Row(415, .failedPrecondition, "X_CALLBACK_NOT_APPROVED", "DEVELOPER"),
    Row(
      416, .failedPrecondition, "X_APP_SUSPENDED", "DEVELOPER", .appSuspended,
      (.xAppSuspended, .developer)),
    Row(417, .failedPrecondition, "X_APP_PIN_ONLY", "DEVELOPER"),
  ]
}

@Suite struct `Every error of X, in every encoding` {
  static let formats: [ErrorFormat] = [.json, .xml, .hash, .plain]

  @Test func `the table has a row for each of them`() {
    #expect(Set(Row.all.map(\.code)) == Set(XError.table.map(\.code)))
  }

  @Test(arguments: Row.all, formats)
  func `has its code, reason and actor when a link begins`(_ row: Row, _ format: ErrorFormat)
    async throws
  {
    let world = World()
    let client = try await world.client()
    try world.fail(.requestToken, row, format)
    expect(try await error { () throws(RPCError) in try await client.start() }, row)
  }

  @Test(arguments: Row.all, formats)
  func `has the same when a link is completed`(_ row: Row, _ format: ErrorFormat) async throws {
    let world = World()
    let client = try await world.client()
    let request = client.approve(try await client.start())
    try world.fail(.accessToken, row, format)
    expect(try await error { () throws(RPCError) in try await client.complete(request) }, row)
    #expect(try await client.list("profiles/-").isEmpty)
  }

  // T125
  @Test(arguments: Row.all, formats)
  func `has the same when an account is checked, or is the account's state`(
    _ row: Row, _ format: ErrorFormat
  ) async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    try world.fail(.verifyCredentials, row, format)
    guard row.state != .unspecified else {
      expect(try await error { () throws(RPCError) in try await client.check(name) }, row)
      #expect(try await client.get(name).state == .active)
      return
    }
    let account = try await client.check(name)
    #expect(account.state == row.state)
    #expect(account.problems.first?.reason == row.problem.reason)
    #expect(account.problems.first?.actor == row.problem.actor)
    #expect(try await client.get(name) == account)
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == 1)
  }

  private func expect(_ error: RPCError, _ row: Row) {
    #expect(error.code == row.status)
    #expect(error.reason == row.reason)
    #expect(error.actor == row.actor)
    #expect(error.details(of: ErrorInfo.self).first?.domain == "link.v1")
  }
}

extension World {
  /// Lets an endpoint fail with this row of the table.
  fileprivate func fail(_ endpoint: Endpoint, _ row: Row, _ format: ErrorFormat) throws {
    let fault = Fault(.error(try #require(XError.withCode(row.code)), format))
    // Twice where a clock is corrected once.
    x.withPlatform { $0.fail(endpoint, fault, times: row.code == 135 ? 2 : 1) }
  }
}
