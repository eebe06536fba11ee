internal import Console
internal import LinkAPI

/// An account as linkctl prints it.
struct AccountView: Encodable {
  var name: String
  var provider: String
  var providerAccountId: String
  var screenName: String
  var state: String
  var accessLevel: String?
  var linkMethod: String?
  var scopes: [String]?
  var createTime: String?
  var updateTime: String?
  var linkTime: String?
  /// Of `accounts check --details` alone.
  var displayName: String?
  var pictureUrl: String?

  init(_ account: Account) {
    name = account.name
    provider = account.provider.word
    providerAccountId = account.providerAccountID
    screenName = account.screenName
    state = account.state.word
    accessLevel = account.accessLevel.wordIfSet
    linkMethod = account.linkMethod.wordIfSet
    scopes = account.scopes.isEmpty ? nil : account.scopes
    createTime = account.createTime?.text
    updateTime = account.updateTime?.text
    linkTime = account.linkTime?.text
  }
}

/// What `accounts list` prints.
struct AccountListView: Encodable {
  var accounts: [AccountView]

  /// A table, one account a line.
  var text: String {
    let header = ["ACCOUNT", "PROVIDER", "HANDLE", "ID", "STATE", "ACCESS"]
    let rows = accounts.map { account in
      [
        account.name, account.provider, "@" + account.screenName, account.providerAccountId,
        account.state, account.accessLevel ?? "-",
      ].map(\.printable)
    }
    return accounts.isEmpty ? "" : Table(header: header, rows: rows).text
  }
}

/// What `link x` prints at its end.
struct LinkedView: Encodable {
  var account: AccountView
  var relinked: Bool

  init(_ response: CompleteLinkResponse) throws(Failure) {
    guard let account = response.account else {
      throw Failure(.serverFault, "linkd answered without an account")
    }
    self.account = AccountView(account)
    relinked = response.relinked
  }

  var text: String {
    let again = relinked ? "linked again" : "linked"
    let line =
      "\(again): @\(account.screenName) (\(account.provider) id \(account.providerAccountId))"
    return line.printable + "\n" + "account: \(account.name)".printable + "\n"
  }
}

/// What `keys validate` prints.
struct KeyReportView: Encodable {
  struct Finding: Encodable {
    var check: String
    var outcome: String
    var reason: String?
    var actor: String?
    var summary: String
    var action: String?
    var paste: String?
    var helpUrl: String?

    init(_ finding: KeyFinding) {
      check = finding.check.word
      outcome = finding.outcome.word
      reason = finding.reason.nameIfSet
      actor = finding.actor.wordIfSet
      summary = finding.summary
      action = finding.action.nonEmpty
      paste = finding.paste.nonEmpty
      helpUrl = finding.helpURL.nonEmpty
    }
  }

  var verdict: String
  var findings: [Finding]
  var validateTime: String?

  init(_ response: ValidateKeysResponse) {
    verdict = response.verdict.word
    findings = response.findings.map(Finding.init)
    validateTime = response.validateTime?.text
  }
}

extension String {
  fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
