internal import ArgumentParser
internal import Console
internal import Linux

/// The command line of `linkd init`, read.
struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Make a data directory and the first token.",
    discussion: """
      Prints the token, and nothing else, on standard output. It is shown this once: linkd keeps \
      only its digest.

      Whoever has the file master.key in the directory can read the data. Back the two up apart.

      EXAMPLES
        linkd init --data ./data >token
        linkd init --data /var/lib/linkd --tenant shop | vault kv put secret/linkd token=-
      """)

  @Option(help: ArgumentHelp("The directory to make. It must not be there yet.", valueName: "dir"))
  var data: String

  @Option(help: "The calling service that the token is for.")
  var tenant = "default"

  @OptionGroup var keyCommand: KeyCommandOption

  func run() async throws {
    try? ProcessHardening.forbidDumps()
    let command = keyCommand.masterKeyCommand
    let installation = Installation(data: data, tenant: tenant, keyCommand: command)
    try await installation.make { token throws(Failure) in
      do {
        try StandardStreams.writeOutput(token + "\n")
      } catch {
        throw Failure(.storage, "cannot write the token to standard output; nothing was made")
      }
    }
    let keys =
      command == nil
      ? "a copy of \(data.printable)/master.key" : "what the command gets its keys from"
    StandardStreams.writeError(
      """
      linkd: made \(data.printable) for tenant \(tenant.printable)
      linkd: keep the token: it cannot be shown again
      linkd: keep \(keys) apart from copies of the data

      """)
  }
}
