private import CLinux
private import Glibc

/// A system call that failed: which one, and what it left in `errno`.
public struct SystemError: Error, Hashable, Sendable {
  /// The value of `errno` right after the call.
  public let errno: CInt
  /// The name of the call as its manual page spells it.
  public let call: String

  /// Describes the failure of `call`.
  public init(errno: CInt, call: StaticString) {
    self.errno = errno
    self.call = call.description
  }
}

extension SystemError {
  /// Whether `accept` failed only because of the connection that it would have returned.
  ///
  /// accept(2): "Linux accept() passes already-pending network errors on the new socket as an error
  /// code from accept()".
  public var isAboutOneConnection: Bool {
    [
      ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
      EOPNOTSUPP, ENETUNREACH, ETIMEDOUT,
    ].contains(errno)
  }
}

extension SystemError: CustomStringConvertible {
  /// The call, the symbolic name and the meaning, such as `open: ENOENT: No such file or directory`.
  public var description: String { "\(call): \(Self.name(errno)): \(Self.meaning(errno))" }

  private static func name(_ errno: CInt) -> String {
    // Safe: glibc answers with a string literal of its own or null.
    guard let text = unsafe strerrorname_np(errno) else { return "errno \(errno)" }
    return unsafe String(cString: text)
  }

  private static func meaning(_ errno: CInt) -> String {
    guard let text = unsafe strerrordesc_np(errno) else { return "unknown error" }
    return unsafe String(cString: text)
  }
}
