internal import ArgumentParser
internal import Console
internal import Linux
internal import Store

/// The command line of `linkd store`: what operators do to data, beside serving it.
struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Check, copy, repair and re-key the data.",
    subcommands: [
      VerifyCommand.self, StatsCommand.self, DumpCommand.self, BackupCommand.self,
      RestoreCommand.self, RotateKeyCommand.self, RepairCommand.self,
    ])
}

/// The options that all of them have.
struct DataOption: ParsableArguments {
  @Option(help: ArgumentHelp("The data directory that 'linkd init' made.", valueName: "dir"))
  var data: String

  @OptionGroup var keyCommand: KeyCommandOption

  var directory: DataDirectory {
    DataDirectory(path: data, keyCommand: keyCommand.masterKeyCommand)
  }

  /// The master keys of the directory.
  func keys() throws(Failure) -> MasterKeys {
    try? ProcessHardening.forbidDumps()
    return try Failure.ofStore { () throws(StoreError) in try directory.keys() }
  }
}

extension Failure {
  /// Runs something that fails as a store does.
  static func ofStore<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(Failure) -> Result {
    do throws(StoreError) { return try body() } catch { throw Failure(error) }
  }

  /// Prints data; nothing is worth more than the reader's knowing that some is missing.
  static func printing(_ text: String) throws(Failure) {
    do { try StandardStreams.writeOutput(text) } catch {
      throw Failure(.storage, "cannot write to standard output")
    }
  }
}
