private import CLinux
private import Glibc

/// Which thread of this process runs, cheap enough to ask on every call.
public struct ThreadID: Hashable, Sendable {
  /// Never zero for a thread that runs.
  ///
  /// Reused once a thread has been joined.
  public let rawValue: UInt

  /// The thread that asks.
  ///
  /// Wraps `pthread_self`.
  public static var current: ThreadID { ThreadID(rawValue: UInt(pthread_self())) }
}
