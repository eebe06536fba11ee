internal import ArgumentParser
internal import Console
internal import LinkAPI

/// Groups what is done with whole tenants.
struct TenantsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tenants", abstract: "Forget a calling service; needs the scope admin.",
    subcommands: [TenantsDelete.self])
}

/// The command line of `linkctl tenants delete`, read.
struct TenantsDelete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Forget a tenant: its tokens, accounts, links, key sets and events.",
    discussion: """
      Nothing of it comes back. linkd ends the tokens of its accounts at the provider, now or within \
      seven days.

      EXAMPLES
        linkctl tenants delete shop
      """)

  @Argument(help: "The tenant, as 'shop' or 'tenants/shop'.")
  var name: String

  @Flag(help: "Do not fail if there is no such tenant.")
  var allowMissing = false

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = DeleteTenantRequest()
    request.name = name.hasPrefix("tenants/") ? name : "tenants/\(name)"
    request.allowMissing = allowMissing
    let response = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.deleteTenant(request)
    }
    let view = DeletedTenantView(name: request.name, accounts: response.accounts)
    try Output(format: server.output).result(view, text: view.text)
  }
}

/// A tenant that is gone.
struct DeletedTenantView: Encodable {
  var name: String
  var accounts: Int64

  var text: String {
    "deleted: \(name), \(accounts) \(accounts == 1 ? "account" : "accounts")".printable + "\n"
  }
}
