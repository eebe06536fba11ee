internal import ArgumentParser
internal import LinkAPI

/// Groups the providers that accounts are linked at.
struct LinkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link", abstract: "Link an account.", subcommands: [LinkX.self])
}

/// The access that can be asked for.
enum WantedAccess: String, CaseIterable, ExpressibleByArgument {
  case read, write

  var level: AccessLevel {
    switch self {
    case .read: .read
    case .write: .write
    }
  }
}

/// The command line of `linkctl link x`, read.
struct LinkX: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "x", abstract: "Link an X account.",
    discussion: """
      Opens X's page in the browser (or prints its address) and waits on 127.0.0.1 until the \
      browser comes back. The app at X must have the callback URL \
      http://127.0.0.1:8765/callback, or the one of --port, to the letter. With --pin X shows a \
      PIN that linkctl asks for.

      For scripts there are two steps: --start prints JSON with the address to send the user to, \
      a secret that must stay with the script, and when it ends. --complete reads that JSON on \
      standard input, with one member more: "callback", the whole URL that the browser was sent \
      to, or "pin".

      With --oauth2 it goes by OAuth 2.0 instead of 1.0a; the key file then has the app's client_id \
      and client_secret.

      EXAMPLES
        linkctl link x --profile alice --keys keys.txt
        linkctl link x --profile alice --key-set main --pin
        linkctl link x --profile alice --keys client.txt --oauth2 --access read
        linkctl link x --profile alice --keys keys.txt --start >ticket.json
        jq --arg url "$URL" '.callback = $url' ticket.json | linkctl link x --complete
      """)

  @Option(help: "For whom: the name of one end user of your service.")
  var profile: String?

  @OptionGroup var keys: KeySourceOptions

  @Option(help: "The port on 127.0.0.1 that the browser comes back to.")
  var port = CallbackListener.standardPort

  @Flag(help: "Have X show a PIN instead of coming back.")
  var pin = false

  @Flag(name: .customLong("oauth2"), help: "Link by OAuth 2.0 with PKCE.")
  var oauth2 = false

  @Option(
    help: ArgumentHelp(
      "With --oauth2: what to ask for, with commas between. Default: what --access means.",
      valueName: "scopes"))
  var scopes: String?

  @Flag(help: "Print the address, do not open a browser.")
  var noBrowser = false

  @Option(help: "The access to ask for: read or write. Default: what the app's settings say.")
  var access: WantedAccess?

  @Flag(help: "Have X ask for the password even if the browser is logged in.")
  var forceLogin = false

  @Flag(help: "Link the account even if another profile has it.")
  var allowSharing = false

  @Option(help: ArgumentHelp("Fill this user name in on X's page.", valueName: "name"))
  var screenName: String?

  @Flag(help: "First step for scripts: print JSON and end.")
  var start = false

  @Flag(help: "Second step for scripts: read JSON on standard input.")
  var complete = false

  @Option(
    help: ArgumentHelp(
      "With --start: where X sends the browser. Default: as with --port.", valueName: "url"))
  var callback: String?

  @OptionGroup(title: "Server") var server: ServerOptions

  mutating func validate() throws {
    if complete { return try validateCompletion() }
    guard profile != nil else { throw ValidationError("--profile is missing") }
    guard callback == nil || (start && !pin) else {
      throw ValidationError("--callback goes with --start and without --pin")
    }
    guard !oauth2 || (!pin && !forceLogin && screenName == nil) else {
      throw ValidationError("--oauth2 goes without --pin, --force-login and --screen-name")
    }
    guard oauth2 || scopes == nil else { throw ValidationError("--scopes goes with --oauth2") }
  }

  private func validateCompletion() throws {
    guard !start, !pin, keys.isEmpty, profile == nil, callback == nil, access == nil else {
      throw ValidationError("--complete takes everything from standard input")
    }
    guard server.tokenFile != "-" else {
      throw ValidationError("standard input cannot hold both the token and the JSON")
    }
  }

  func run() async throws {
    let settings = try server.settings()
    let output = Output(format: server.output)
    if complete {
      let ticket = try LinkTicket.completed(json: try InputFile.read("-", what: "the JSON"))
      return try await finish(ticket, settings, output)
    }
    let flow = LinkFlow(order: order, keys: try keys.read(oauth2: oauth2), output: output)
    switch mode {
    case .start: try await Linkd.connected(settings) { try await flow.start($0) }
    case .pin: try await Linkd.connected(settings) { try await flow.runWithPIN($0) }
    case .browser: try await Linkd.connected(settings) { try await flow.runWithBrowser($0) }
    }
  }

  private enum Mode { case start, pin, browser }

  private var mode: Mode { start ? .start : pin ? .pin : .browser }

  private var order: LinkOrder {
    LinkOrder(
      profile: profile ?? "", callback: pin ? nil : callback ?? CallbackListener.url(port: port),
      port: port, opensBrowser: !noBrowser, access: access?.level, forceLogin: forceLogin,
      allowsSharing: allowSharing,
      screenName: screenName, method: oauth2 ? .oauth2 : .oauth1,
      scopes: scopes?.split(separator: ",").map(String.init) ?? [])
  }

  private func finish(_ ticket: LinkTicket, _ settings: ServerSettings, _ output: Output)
    async throws
  {
    let request = try ticket.request()
    let view = try await Linkd.connected(settings) { linkd in
      try LinkedView(try await linkd.completeLink(request))
    }
    try output.result(view, text: view.text)
  }
}
