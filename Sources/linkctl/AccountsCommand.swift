internal import ArgumentParser
internal import LinkAPI

/// Groups what is done with accounts.
struct AccountsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts", abstract: "See, check and unlink accounts.",
    subcommands: [
      AccountsList.self, AccountsGet.self, AccountsCheck.self, AccountsUnlink.self,
    ])
}

/// The command line of `linkctl accounts list`, read.
struct AccountsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List linked accounts.",
    discussion: """
      Prints all of them, ordered by name, however many pages linkd needs for it.

      EXAMPLES
        linkctl accounts list
        linkctl accounts list --profile alice --state active,locked
        linkctl accounts list --output json
      """)

  @Option(help: "Only the accounts of this profile. Default: of all profiles.")
  var profile: String?

  @Option(help: "Only accounts at this provider: x.")
  var provider: ProviderName?

  @Option(
    help: ArgumentHelp(
      "Only accounts in one of these states, with commas between: \(AccountState.words.joined(separator: ", ")).",
      valueName: "states"))
  var state: StateList?

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    let listing = AccountListing(
      parent: profile.map(Profile.name) ?? Profile.all, provider: provider?.value,
      states: state?.values ?? [])
    let accounts = try await Linkd.connected(server.settings()) { try await listing.run($0) }
    let view = AccountListView(accounts: accounts.map(AccountView.init))
    try Output(format: server.output).result(view, text: view.text)
  }
}

/// A provider on the command line.
struct ProviderName: ExpressibleByArgument {
  let value: Provider

  init?(argument: String) {
    guard argument == Provider.x.word else { return nil }
    value = .x
  }
}

/// States on the command line, with commas between.
struct StateList: ExpressibleByArgument {
  let values: [AccountState]

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = words.compactMap { AccountState(word: String($0)) }
    guard values.count == words.count else { return nil }
    self.values = values
  }
}
