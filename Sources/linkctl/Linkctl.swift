internal import ArgumentParser
internal import Console
internal import Foundation
internal import Linux

/// The command line client of linkd.
@main
struct Linkctl: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "linkctl", abstract: "Link social accounts through linkd.",
    discussion: """
      EXAMPLES
        linkctl keys validate --keys keys.txt --pin
        linkctl link x --profile alice --keys keys.txt
        linkctl accounts list --output json

      Keys and tokens come from files, standard input or a prompt, never from the command line.
      Results go to standard output, everything else to standard error.

      EXIT STATUS
      \(exitStatusTable)
      """,
    subcommands: [
      KeysCommand.self, LinkCommand.self, AccountsCommand.self, SignCommand.self,
      TokensCommand.self, CertificatesCommand.self, TenantsCommand.self, WatchCommand.self,
    ])

  private static var exitStatusTable: String {
    ExitStatus.allCases.map { status in
      let number = "\(status.rawValue)"
      return "  " + String(repeating: " ", count: 3 - number.count) + "\(number)  \(status.meaning)"
    }.joined(separator: "\n")
  }

  static func main() async {
    ProcessHardening.ignoreBrokenPipes()
    // Without it everything works as well; a system that refuses it has its reasons.
    try? ProcessHardening.forbidDumps()
    let arguments = Array(CommandLine.arguments.dropFirst())
    Foundation.exit(await run(arguments).rawValue)
  }

  /// Parses and runs one command line.
  private static func run(_ arguments: [String]) async -> ExitStatus {
    do {
      var command = try await asyncParseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return .success
    } catch {
      return report(error, arguments)
    }
  }

  private static func report(_ error: any Error, _ arguments: [String]) -> ExitStatus {
    if let exit = error as? ExitCode { return ExitStatus(rawValue: exit.rawValue) ?? .serverFault }
    do throws(Failure) {
      throw try failure(from: error, arguments)
    } catch {
      if error.status == .success { return .success }
      Output(format: wantsJSON(arguments) ? .json : .text).failure(error)
      return error.status
    }
  }

  /// What an error means, or prints the help where that is what was asked for.
  private static func failure(from error: any Error, _ arguments: [String]) throws(Failure)
    -> Failure
  {
    if let failure = error as? Failure { return failure }
    guard exitCode(for: error) == .success else {
      return Failure(
        .usage, UsageError.clause(message: message(for: error), arguments: arguments),
        hint: "see 'linkctl --help'")
    }
    try Output.write(fullMessage(for: error) + "\n")
    return Failure(.success, "")
  }

  /// Whether errors are wanted as JSON, also those about the command line itself.
  private static func wantsJSON(_ arguments: [String]) -> Bool {
    arguments.contains("--output=json")
      || zip(arguments, arguments.dropFirst()).contains { $0 == "--output" && $1 == "json" }
  }
}
