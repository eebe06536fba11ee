/// How linkd ends, for whoever supervises it.
///
/// The numbers never change; `linkd --help` lists them.
package enum ExitStatus: Int32, CaseIterable, Sendable {
  /// Done, or shut down as asked.
  case success = 0
  /// The command line is wrong.
  case usage = 64
  /// The data are damaged.
  case damaged = 65
  /// Something failed that should not.
  case software = 70
  /// The data directory cannot be read or written.
  case storage = 74
  /// Another process has the data directory or the address.
  case inUse = 75
  /// Keys, certificates or the state of the data directory are not as they must be.
  case configuration = 78

  /// The line about it in the help.
  package var meaning: String {
    switch self {
    case .success: "done, or shut down as asked"
    case .usage: "the command line is wrong"
    case .damaged: "the data are damaged"
    case .software: "something failed that should not"
    case .storage: "the data directory cannot be read or written"
    case .inUse: "another process has the data directory or the address"
    case .configuration: "keys, certificates or the data directory are not as they must be"
    }
  }
}

/// Why linkd stops: what went wrong, what to do about it, and how the process ends.
package struct Failure: Error, Sendable {
  /// How the process ends.
  package let status: ExitStatus
  /// What went wrong.
  ///
  /// Lower case, no full stop, no secret.
  package let message: String
  /// What to do about it.
  package let hint: String?

  /// Describes a failure.
  package init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
    self.status = status
    self.message = message
    self.hint = hint
  }
}
