internal import ArgumentParser
internal import Console
internal import Foundation
internal import LinkAPI
internal import Protobuf

/// The command line of `linkctl watch`, read.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Show what happens to accounts, as it happens.",
    discussion: """
      Begins with the accounts that are there. Goes on until it is interrupted, or linkd ends the \
      stream. With --output json one object a line, each with the token to go on after it.

      EXAMPLES
        linkctl watch
        linkctl watch --profile alice --output json
        linkctl watch --output json --resume $(tail -n 1 events | jq -r .resumeToken)
      """)

  @Option(help: "Only the accounts of this profile. Default: of all profiles.")
  var profile: String?

  @Option(help: ArgumentHelp("Go on after this resume token.", valueName: "token"))
  var resume: String?

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = WatchAccountsRequest()
    request.parent = profile.map(Profile.name) ?? Profile.all
    request.resumeToken = resume ?? ""
    let format = server.output
    try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.watchAccounts(request) { response throws(Failure) in
        let view = EventView(response)
        switch format {
        case .json: try Output.write(try view.line)
        case .text: if let text = view.text { try Output.write(text) }
        }
      }
    }
  }
}

/// One answer of a stream as linkctl prints it.
struct EventView: Encodable {
  var kind: String?
  var time: String?
  var account: AccountView?
  /// Absent while the accounts that are there are told.
  var resumeToken: String?

  init(_ response: WatchAccountsResponse) {
    kind = response.event?.kind.word
    time = response.event?.time?.text
    account = response.event?.account.map(AccountView.init)
    resumeToken = response.resumeToken.isEmpty ? nil : response.resumeToken
  }

  /// One line for a person; nil where nothing has happened.
  var text: String? {
    guard let kind, let account else { return nil }
    let words = [time ?? "-", kind.replacing("_", with: " "), account.name, account.state]
    return words.joined(separator: "  ").printable + "\n"
  }

  /// One line for a program.
  var line: String {
    get throws(Failure) {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      do {
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
      } catch {
        throw Failure(.serverFault, "the answer cannot be written as JSON")
      }
    }
  }
}
