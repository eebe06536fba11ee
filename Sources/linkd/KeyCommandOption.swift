internal import ArgumentParser
internal import Linux

/// Where the master keys come from, if not from the file in the data directory.
struct KeyCommandOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Take the master keys from what this prints: an absolute path and arguments, split at spaces.",
      discussion: """
        For keys in a KMS or a vault. It must print what master.key would hold, end with status 0 \
        and take at most 30 seconds. No shell is involved. Everyone on this machine can see its \
        arguments: leave secrets out of them.
        """,
      valueName: "command"),
    transform: Self.command)
  var masterKeyCommand: Command?

  private static func command(_ text: String) throws -> Command {
    let words = text.split(separator: " ").map(String.init)
    guard let command = Command(words) else {
      throw ValidationError("the command must begin with an absolute path")
    }
    return command
  }
}
