internal import ArgumentParser
internal import Console
internal import Foundation
internal import Linux

/// The account linking server.
@main
struct Linkd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "linkd", abstract: "Link end users' social accounts for other services.",
    discussion: """
      EXAMPLES
        linkd init --data ./data >token
        linkd serve --data ./data --listen 127.0.0.1:7443

      The token of 'init' is shown once. Logs go to standard error.

      EXIT STATUS
      \(exitStatusTable)
      """,
    subcommands: [InitCommand.self, ServeCommand.self, StoreCommand.self])

  private static var exitStatusTable: String {
    ExitStatus.allCases.map { status in
      let number = "\(status.rawValue)"
      return "  " + String(repeating: " ", count: 3 - number.count) + "\(number)  \(status.meaning)"
    }.joined(separator: "\n")
  }

  static func main() async {
    // First of all: one that comes before linkd is ready for it must neither end it nor be lost.
    Hangups.remember()
    ProcessHardening.ignoreBrokenPipes()
    // Before there is a second thread: it changes the environment.
    _ = Listening.handedOver
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
    if !(error is Failure), exitCode(for: error) == .success {
      try? StandardStreams.writeOutput(fullMessage(for: error) + "\n")
      return .success
    }
    let failure = failure(from: error, arguments)
    StandardStreams.writeError(
      StandardStreams.errorLines(
        program: "linkd", message: failure.message,
        hints: [failure.hint].compactMap(\.self)))
    return failure.status
  }

  private static func failure(from error: any Error, _ arguments: [String]) -> Failure {
    if let failure = error as? Failure { return failure }
    return Failure(
      .usage, UsageError.clause(message: message(for: error), arguments: arguments),
      hint: "see 'linkd --help'")
  }
}
