import FakeX
import LinkAPI
import LinkService
import Protobuf
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

/// A failure of X that has no number, and what becomes of it.
struct Wordless: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let fault: Fault
  let status: StatusCode
  let reason: String
  let actor: String
  /// Whether X may have taken a verifier that was sent along.
  var mayHaveActed = false

  private static func failing(_ name: String, _ fault: Fault, _ mayHaveActed: Bool) -> Wordless {
    Wordless(
      testDescription: name, fault: fault, status: .unavailable, reason: "PROVIDER_UNAVAILABLE",
      actor: "PROVIDER", mayHaveActed: mayHaveActed)
  }

  private static func http(_ status: Int) -> Fault {
    Fault(.answer(Answer(status, type: "text/plain", "no")))
  }

  static let all = [
    Wordless(
      testDescription: "client-not-enrolled", fault: Fault(.notEnrolled),
      status: .failedPrecondition, reason: "X_APP_NOT_ENROLLED", actor: "DEVELOPER"),
    Wordless(
      testDescription: "429", fault: http(429), status: .resourceExhausted,
      reason: "X_RATE_LIMITED", actor: "PROVIDER"),
    failing("500", http(500), true), failing("502", http(502), true),
    failing("503", http(503), false), failing("504", http(504), true),
    failing("no answer in time", .hung, true), failing("no connection", .refused, true),
  ]
}

@Suite struct `Failures of X without a number` {
  @Test(arguments: Wordless.all)
  func `have code, reason and actor when a link begins`(_ row: Wordless) async throws {
    let world = World()
    let client = try await world.client()
    world.x.withPlatform { $0.fail(.requestToken, row.fault) }
    expect(try await error { () throws(RPCError) in try await client.start() }, row)
  }

  @Test(arguments: Wordless.all)
  func `have them when a link is completed, unless X may have completed it`(_ row: Wordless)
    async throws
  {
    let world = World()
    let client = try await world.client()
    let request = client.approve(try await client.start())
    world.x.withPlatform { $0.fail(.accessToken, row.fault) }
    let error = try await error { () throws(RPCError) in try await client.complete(request) }
    guard row.mayHaveActed else { return expect(error, row) }
    #expect((error.code, error.reason) == (.aborted, "LINK_OUTCOME_UNKNOWN"))
    #expect(error.actor == "DEVELOPER")
  }

  @Test(arguments: Wordless.all)
  func `have them when an account is checked, and say nothing about it`(_ row: Wordless)
    async throws
  {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.x.withPlatform { $0.fail(.verifyCredentials, row.fault) }
    expect(try await error { () throws(RPCError) in try await client.check(name) }, row)
    #expect(try await client.get(name).state == .active)
  }

  @Test func `a clock that X does not accept is told in seconds`() async throws {
    let world = World()
    let client = try await world.client()
    let fault = Fault(.error(try #require(XError.withCode(135)), .json))
    world.x.withPlatform {
      $0.configuration.settings.clockOffset = -7200
      $0.fail(.requestToken, fault, times: 2)
    }
    let error = try await error { () throws(RPCError) in try await client.start() }
    #expect(error.details(of: ErrorInfo.self).first?.metadata["skew_seconds"] == "-7200")
  }

  // X's pages say 401 of it, its old table 403.
  @Test(arguments: [401, 403])
  func `a token that X does not know is revoked, whatever the status`(_ status: Int) async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    let body = #"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#
    let answer = Answer(status, type: "application/json", body)
    world.x.withPlatform { $0.fail(.verifyCredentials, Fault(.answer(answer))) }
    #expect(try await client.check(name).state == .revoked)
  }

  private func expect(_ error: RPCError, _ row: Wordless) {
    #expect((error.code, error.reason, error.actor) == (row.status, row.reason, row.actor))
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
