import ArgumentParser
import FakeX
import Foundation

/// The command line, read.
@main
struct Fakex: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fakex",
    abstract: "A faithful offline stand-in for X's OAuth endpoints.",
    subcommands: [Serve.self, Visit.self, Config.self])
}

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Listen on 127.0.0.1 until told to stop.",
    discussion: """
      The first line of output says where it listens; the apps and users follow.

      Examples:
        fakex serve
        fakex serve --port 0 --auto approve --user alice
        fakex serve --callback http://127.0.0.1:9000/callback
        curl -d 'endpoint=access_token&code=89&format=xml' http://127.0.0.1:8480/_fakex/fail
        curl http://127.0.0.1:8480/_fakex/calls

      Controls under /_fakex/, forms by POST:
        fail     endpoint, times, then one of code (with format json, xml, hash, plain, problem),
                 status (with type, body, location) or kind (page, garbage, huge, bomb with bytes,
                 not_enrolled); and delay_ms, trickle_ms, hang or close; and takes_effect
        clock    offset in seconds
        visitor  auto (approve, deny or left out), user
        app      key, suspended, enrolled, sign_in, secret, client_secret, add_callback, access
        user     screen_name, suspended, locked, rename
        revoke   screen_name, key
        reset    forgets tokens, counts and faults
        calls    how often each endpoint was asked
      """)

  @Option(help: "The port; 0 lets the system choose.")
  var port: UInt16 = 8480

  @Option(help: "A JSON file of apps, users and settings, as `fakex config` prints it.")
  var config: String?

  @Option(help: "A callback URL to allow for every app that has one already.")
  var callback: [String] = []

  @Option(help: "Decide at once instead of showing the page: approve or deny.")
  var auto: Decision?

  @Option(help: "The user who decides at once.")
  var user: String?

  enum Decision: String, ExpressibleByArgument { case approve, deny }

  func run() async throws {
    try await Program.serve(try configured(), port: port)
  }

  /// The file, then what the other options change of it.
  private func configured() throws -> Configuration {
    var configuration = try config.map(Program.readConfiguration) ?? Configuration()
    for index in configuration.apps.indices where !configuration.apps[index].callbacks.isEmpty {
      configuration.apps[index].callbacks += callback
    }
    if let auto {
      configuration.settings.visitor = Visitor(approves: auto == .approve, screenName: user)
    }
    return configuration
  }
}

struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the built-in configuration as JSON.",
    discussion: "Example: fakex config > fakex.json; fakex serve --config fakex.json")

  func run() throws { try Program.printConfiguration() }
}
