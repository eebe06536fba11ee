public import Linux
private import OpenSSL

extension MasterKeys {
  /// Takes the keys, in their text form, from what a command prints: for those who keep them in a
  /// KMS or a vault.
  ///
  /// Blocks the thread until the command has ended, at most for `time` (by default 30 s), after which
  /// it is killed. It must end with status 0. Nothing of what it printed is in an error.
  public static func load(
    command: Command, within time: Duration? = nil
  ) throws(StoreError) -> MasterKeys {
    let time = time ?? Limits.masterKeyCommandTime
    var (end, output) = try StoreError.at(command.program) { () throws(SystemError) in
      try command.run(within: time, limit: Limits.masterKeyFileLength)
    }
    defer { cleanse(&output) }
    if let complaint = complaint(about: end, time) {
      throw .invalidMasterKeys(path: command.program, reason: complaint)
    }
    return try MasterKeys(cleansing: &output, source: command.program)
  }

  private static func complaint(about end: Command.End, _ time: Duration) -> String? {
    switch end {
    case .exited(0): nil
    case .exited(let status): "the command ended with status \(status)"
    case .killed(let signal): "the command was ended by signal \(signal)"
    case .ranTooLong: "the command did not end within \(time)"
    case .printedTooMuch: "the command printed more than \(Limits.masterKeyFileLength) bytes"
    }
  }
}
