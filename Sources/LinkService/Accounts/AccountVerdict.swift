internal import LinkAPI
internal import OAuth
internal import Protobuf

/// What X has said about an account, and what it changes.
///
/// A value: asks nobody, writes nothing.
enum AccountVerdict: Sendable {
  /// The token works, with these keys.
  case works(Identity, KeyPair)
  /// The token was renewed, so that it works; who its user is was not asked.
  case renewed
  /// It does not.
  case troubled(AccountState, AccountProblem)

  /// Who the user is, if the token works.
  var identity: Identity? { if case .works(let identity, _) = self { identity } else { nil } }

  /// Nil if the failure says nothing about the account.
  init?(_ failure: XFailure, at time: Timestamp) {
    let diagnosis = XDiagnosis(ofAccount: failure)
    guard let state = diagnosis.accountState else { return nil }
    self = .troubled(state, AccountProblem(diagnosis, at: time))
  }
}

extension AccountRecord {
  /// Enters what X has said, and returns whether anybody who watches would want to know.
  mutating func apply(_ verdict: AccountVerdict, at now: Timestamp) -> Bool {
    var account = account ?? Account()
    let before = account
    account.checkTime = now
    switch verdict {
    case .works(let identity, let pair):
      (keys, keySetVersion) = (pair.keys, pair.version)
      account.screenName = identity.screenName
      if let access = identity.accessLevel { account.accessLevel = AccessLevel(access) }
      account.confirm(requested: requestedAccess, at: now)
    case .renewed:
      account.confirm(requested: requestedAccess, at: now)
    case .troubled(let state, let problem):
      account.state = state
      account.note(problem)
    }
    let isNews = account.visible != before.visible
    if isNews { account.updateTime = now }
    self.account = account
    return isNews
  }
}

extension Account {
  /// How many problems are kept: enough to see a pattern in, and small on a page of accounts.
  private static let problemLimit = 10

  fileprivate struct Visible: Equatable {
    let state: AccountState
    let access: AccessLevel
    let screenName: [UInt8]
  }

  fileprivate var visible: Visible {
    Visible(state: state, access: accessLevel, screenName: Array(screenName.utf8))
  }

  /// The token works.
  fileprivate mutating func confirm(requested: AccessLevel, at now: Timestamp) {
    guard accessLevel == .read, requested != .read else {
      state = .active
      return
    }
    state = .readOnly
    note(.readOnly(at: now))
  }

  /// Adds a problem, or moves the time of the same one.
  fileprivate mutating func note(_ problem: AccountProblem) {
    if problems.first?.reason == problem.reason { problems.removeFirst() }
    problems = [problem] + problems.prefix(Self.problemLimit - 1)
  }
}

extension AccessLevel {
  init(_ granted: GrantedAccess) {
    switch granted {
    case .read: self = .read
    case .readWrite: self = .write
    case .directMessages: self = .directMessages
    }
  }
}

extension AccountProblem {
  init(_ diagnosis: XDiagnosis, at time: Timestamp) {
    self.init()
    self.time = time
    reason = diagnosis.reason
    actor = diagnosis.actor
    summary = diagnosis.summary
    action = diagnosis.action
    providerCode = diagnosis.providerCode
  }

  fileprivate static func readOnly(at time: Timestamp) -> AccountProblem {
    var problem = AccountProblem()
    problem.time = time
    problem.reason = .accessReadOnly
    problem.actor = .developer
    problem.summary = "The token may only read."
    problem.action =
      "Set the app's permissions in X's console to read and write, and link the account again."
    return problem
  }
}
