internal import ArgumentParser
internal import Console
internal import Store

/// `linkd store backup`.
struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the data, also while linkd is serving.",
    discussion: """
      The copy is checked. It has everything that was acknowledged before the command began. The \
      master key is not in it: keep a copy of master.key apart from it.

      EXAMPLES
        linkd store backup --data /var/lib/linkd /mnt/backup/monday
      """)

  @OptionGroup var place: DataOption

  @Argument(help: "The directory to make. It must not be there yet, or be empty.")
  var target: String

  func run() async throws {
    try Failure.ofStore { () throws(StoreError) in
      try Backup.make(of: place.directory.store, in: target)
    }
    StandardStreams.writeError("linkd: copied to \(target.printable)\n")
  }
}

/// `linkd store restore`.
struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a backup where there are no data.",
    discussion: """
      The data directory must have the master.key that the backup was made under, and no data: \
      move the folder 'store' in it away first.

      EXAMPLES
        linkd store restore --data /var/lib/linkd /mnt/backup/monday
      """)

  @OptionGroup var place: DataOption

  @Argument(help: "What 'linkd store backup' made.")
  var backup: String

  func run() async throws {
    let keys = try place.keys()
    try Failure.ofStore { () throws(StoreError) in
      try Backup.restore(backup, to: place.directory.store, keys: keys)
    }
    StandardStreams.writeError("linkd: restored from \(backup.printable)\n")
  }
}

/// `linkd store repair`.
struct RepairCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair", abstract: "Give up what is damaged, and everything after it.",
    discussion: """
      The only way to go on when linkd refuses to start because of damage and there is no backup. \
      What was before the damage is kept. The damaged file and those after it stay beside the data, \
      under names that end in .damaged. They are still secret, they hold what is unlinked later, and \
      they need their master key: remove them when nothing more can be got out of them.

      EXAMPLES
        linkd store repair --data /var/lib/linkd --accept-loss
      """)

  @OptionGroup var place: DataOption

  @Flag(help: "Yes, what was acknowledged after the damage may be lost.")
  var acceptLoss = false

  func run() async throws {
    guard acceptLoss else {
      throw Failure(
        .usage, "repairing loses data", hint: "try a backup first; then give --accept-loss")
    }
    let keys = try place.keys()
    let repair = try Failure.ofStore { () throws(StoreError) in
      try Repair.run(directory: place.directory.store, keys: keys)
    }
    guard let repair else { return StandardStreams.writeError("linkd: nothing is damaged\n") }
    var lines = repair.damages.map { "given up: \($0)" }
    lines.append("kept \(repair.count) entries, as of batch \(repair.lastSequence)")
    if !repair.setAside.isEmpty {
      lines.append("set aside: \(repair.setAside.joined(separator: ", "))")
      lines.append("they hold what they held, deleted data too, until you remove them")
    }
    for line in lines { StandardStreams.writeError("linkd: \(line)\n") }
  }
}
