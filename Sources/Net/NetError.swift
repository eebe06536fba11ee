public import Linux

/// Why a connection could not be made or a server not started.
public enum NetError: Error, Hashable, Sendable {
  /// The system refused a call.
  case system(SystemError)
  /// The host has no address.
  case unresolvable(host: String, reason: String)
  /// The time for connecting ran out.
  case timedOut
  /// TLS could not be agreed on, for this reason.
  case insecure(String)
  /// The address is not written as one.
  case invalidAddress(String)
  /// The connection is gone or takes no more streams.
  case closed
}
