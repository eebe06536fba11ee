import ArgumentParser

/// The command line of `fakex visit`, read.
struct Visit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Walk through a page of fakex as a person's browser would.",
    discussion: """
      Prints the address that the browser is sent to in the end, or the PIN that is shown.

      Examples:
        fakex visit --approve --user alice 'http://127.0.0.1:8480/oauth/authorize?oauth_token=…'
        fakex visit --deny 'http://127.0.0.1:8480/oauth/authorize?oauth_token=…'
      """)

  @Flag(help: "Press the button that agrees.")
  var approve = false

  @Flag(help: "Press the button that cancels.")
  var deny = false

  @Option(help: "The user to log in as. Default: the one that the page has chosen.")
  var user: String?

  @Flag(help: "Go where the browser is sent to, as long as that is on this machine.")
  var follow = false

  @Argument(help: "The address of the page.")
  var url: String

  mutating func validate() throws {
    guard approve != deny else { throw ValidationError("give either --approve or --deny") }
  }

  func run() async throws {
    let browser = Browser()
    let outcome = try await browser.visit(url, choice: approve ? .authorize : .cancel, user: user)
    print(outcome.text)
    if follow, case .sentTo(let address) = outcome { _ = try await browser.get(address) }
  }
}
