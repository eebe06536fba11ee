internal import ArgumentParser
internal import Console
internal import LinkAPI
internal import Protobuf

/// The command line of `linkctl accounts get`, read.
struct AccountsGet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Show one account, as it was last known.",
    discussion: """
      EXAMPLES
        linkctl accounts get profiles/alice/accounts/0a1b2c
      """)

  @Argument(help: "The name of the account, as 'accounts list' shows it.")
  var name: String

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = GetAccountRequest()
    request.name = name
    let response = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.getAccount(request)
    }
    let view = try AccountView(answered: response.account)
    try Output(format: server.output).result(view, text: view.text)
  }
}

/// The command line of `linkctl accounts check`, read.
struct AccountsCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Ask the provider whether an account can still be used.",
    discussion: """
      Exits with 0 if it can, 1 if it cannot. With --details the provider is also asked how the \
      user is called and pictured, which for an account linked by OAuth 2.0 costs a paid read.

      EXAMPLES
        linkctl accounts check profiles/alice/accounts/0a1b2c
        linkctl accounts check profiles/alice/accounts/0a1b2c --details --output json
      """)

  @Argument(help: "The name of the account, as 'accounts list' shows it.")
  var name: String

  @Flag(help: "Also show how the user is called and pictured.")
  var details = false

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = CheckAccountRequest()
    request.name = name
    request.withProfile = details
    let response = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.checkAccount(request)
    }
    var view = try AccountView(answered: response.account)
    view.displayName = response.profile?.displayName
    view.pictureUrl = response.profile?.pictureURL
    try Output(format: server.output).result(view, text: view.text)
    guard response.account?.state == .active else {
      throw ExitCode(ExitStatus.notUsable.rawValue)
    }
  }
}

/// The command line of `linkctl accounts unlink`, read.
struct AccountsUnlink: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlink", abstract: "Forget an account and end its token at the provider.",
    discussion: """
      EXAMPLES
        linkctl accounts unlink profiles/alice/accounts/0a1b2c
      """)

  @Argument(help: "The name of the account, as 'accounts list' shows it.")
  var name: String

  @Flag(help: "Do not fail if there is no such account.")
  var allowMissing = false

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = UnlinkAccountRequest()
    request.name = name
    request.allowMissing = allowMissing
    let response = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.unlinkAccount(request)
    }
    let view = UnlinkedView(name: name, revocation: response.revocation.wordIfSet)
    try Output(format: server.output).result(view, text: view.text)
  }
}

/// What `accounts unlink` prints.
struct UnlinkedView: Encodable {
  var name: String
  /// Nil where there was nothing to end.
  var revocation: String?

  var text: String {
    let token = revocation.map { "; its token at the provider: \($0.replacing("_", with: " "))" }
    return "unlinked: \(name)\(token ?? "")".printable + "\n"
  }
}

extension AccountView {
  /// The account of an answer that must have one.
  init(answered account: Account?) throws(Failure) {
    guard let account else { throw Failure(.serverFault, "linkd answered without an account") }
    self.init(account)
  }

  /// One line a field, for a person.
  var text: String {
    let fields: [(String, String?)] = [
      ("account", name), ("provider", provider), ("handle", "@" + screenName),
      ("id", providerAccountId), ("state", state), ("access", accessLevel), ("method", linkMethod),
      ("scopes", scopes?.joined(separator: " ")), ("linked", linkTime), ("changed", updateTime),
      ("name", displayName), ("picture", pictureUrl),
    ]
    return fields.compactMap { label, value in
      value.map { "\((label + ":").padded(to: 10))\($0.printable)\n" }
    }.joined()
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
