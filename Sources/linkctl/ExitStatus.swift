/// How linkctl ends, for scripts.
///
/// The numbers never change; `linkctl --help` lists them.
package enum ExitStatus: Int32, CaseIterable, Sendable {
  /// Done; of `keys validate` and `accounts check`: they work.
  case success = 0
  /// `keys validate`, `accounts check`: the keys or the account do not work.
  case notUsable = 1
  /// `keys validate`: the provider left it open.
  case undecided = 2
  /// linkd, or the provider behind it, refuses the request.
  case refused = 3
  /// The end user said no.
  case denied = 4
  /// The command line is wrong.
  case usage = 64
  /// What was read (keys, token, JSON) is malformed.
  case malformedInput = 65
  /// A file cannot be read, or there is no terminal to ask on.
  case noInput = 66
  /// linkd or the provider cannot be reached.
  case unavailable = 69
  /// linkd failed, or its answer makes no sense.
  case serverFault = 70
  /// The output cannot be written, or the local port not be listened on.
  case localFault = 74
  /// Time ran out, or the provider asks for a pause: the same may work later.
  case tryLater = 75
  /// linkd does not accept the token.
  case notPermitted = 77
  /// Ctrl-C at a prompt.
  case interrupted = 130

  /// The line about it in the help.
  package var meaning: String {
    switch self {
    case .success: "done (keys validate, accounts check: they work)"
    case .notUsable: "keys validate, accounts check: they do not work"
    case .undecided: "keys validate: the provider left it open"
    case .refused: "linkd or the provider refuses the request"
    case .denied: "the end user said no"
    case .usage: "the command line is wrong"
    case .malformedInput: "keys, token or JSON are malformed"
    case .noInput: "a file cannot be read, or there is no terminal to ask on"
    case .unavailable: "linkd or the provider cannot be reached"
    case .serverFault: "linkd failed, or its answer makes no sense"
    case .localFault: "cannot write the output or listen on the port"
    case .tryLater: "time ran out or a pause is asked for; try later"
    case .notPermitted: "linkd does not accept the token"
    case .interrupted: "interrupted at a prompt"
    }
  }
}
