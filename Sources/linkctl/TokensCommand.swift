internal import ArgumentParser
internal import Console
internal import Foundation
internal import LinkAPI
internal import Protobuf

/// Groups what is done with the tokens that callers authenticate with.
struct TokensCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokens", abstract: "Say who may call linkd; needs the scope admin.",
    subcommands: [TokensCreate.self, TokensList.self, TokensRevoke.self])
}

/// The command line of `linkctl tokens create`, read.
struct TokensCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a token that speaks for a tenant.",
    discussion: """
      Prints the token, and nothing else, on standard output. It is shown this once: linkd keeps \
      only its digest.

      EXAMPLES
        linkctl tokens create --tenant shop --scopes read,link >token
        linkctl tokens create --tenant shop --scopes sign --days 90 --output json
      """)

  @Option(help: "The calling service that the token is for. Its first token makes it.")
  var tenant: String

  @Option(
    help: ArgumentHelp(
      "What it may do, with commas between: \(Scope.words.joined(separator: ", ")).",
      valueName: "scopes"))
  var scopes: ScopeList

  @Option(help: "After how many days it ends. Default: never.")
  var days: Int64?

  @OptionGroup(title: "Server") var server: ServerOptions

  static let mostDays: Int64 = 36_500

  mutating func validate() throws {
    guard (1...Self.mostDays).contains(days ?? 1) else {
      throw ValidationError("--days must be 1 to \(Self.mostDays)")
    }
  }

  func run() async throws {
    var request = CreateTokenRequest()
    request.parent = "tenants/\(tenant)"
    request.scopes = scopes.values
    request.expireTime = days.map { Timestamp(daysFromNow: $0) }
    let response = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.createToken(request)
    }
    guard let token = response.token, !response.text.isEmpty else {
      throw Failure(.serverFault, "linkd answered without a token")
    }
    let output = Output(format: server.output)
    try output.result(
      NewTokenView(token: TokenView(token), text: response.text),
      text: response.text.printable + "\n")
    if server.output == .text {
      output.note("linkctl: made \(token.name.printable); keep it: it cannot be shown again")
    }
  }
}

/// The command line of `linkctl tokens list`, read.
struct TokensList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List tokens: what they may do, never their text.",
    discussion: """
      EXAMPLES
        linkctl tokens list
        linkctl tokens list --tenant shop --output json
      """)

  @Option(help: "Only the tokens of this tenant. Default: of all.")
  var tenant: String?

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = ListTokensRequest()
    request.parent = "tenants/\(tenant ?? "-")"
    let tokens = try await Linkd.connected(server.settings()) { [request] linkd in
      try await Pages.all { page throws(Failure) in
        var request = request
        (request.pageToken, request.pageSize) = (page.token, page.size)
        let response = try await linkd.listTokens(request)
        return (response.tokens, response.nextPageToken)
      }
    }
    let view = TokenListView(tokens: tokens.map(TokenView.init))
    try Output(format: server.output).result(view, text: view.text)
  }
}

/// The command line of `linkctl tokens revoke`, read.
struct TokensRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Revoke a token: from then on it is refused.",
    discussion: """
      No token can revoke itself: make another one first, and revoke the old one with that.

      EXAMPLES
        linkctl tokens revoke tenants/shop/tokens/0a1b2c3d4e5f6071
      """)

  @Argument(help: "The name of the token, as 'tokens list' shows it; not the token.")
  var name: String

  @Flag(help: "Do not fail if there is no such token.")
  var allowMissing = false

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    guard name.hasPrefix("tenants/") else {
      // Perhaps the token itself, which must not go anywhere.
      throw Failure(
        .usage, "a token is named as tenants/TENANT/tokens/ID", hint: "see 'linkctl tokens list'")
    }
    var request = RevokeTokenRequest()
    request.name = name
    request.allowMissing = allowMissing
    _ = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.revokeToken(request)
    }
    let view = DeletedView(name: name)
    try Output(format: server.output).result(view, text: "revoked: \(name)".printable + "\n")
  }
}

/// Scopes on the command line, with commas between.
struct ScopeList: ExpressibleByArgument {
  let values: [Scope]

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = words.compactMap { Scope(word: String($0)) }
    guard values.count == words.count else { return nil }
    self.values = values
  }
}
