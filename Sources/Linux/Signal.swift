private import CLinux
private import Glibc
private import Synchronization

/// Asks another process to read its configuration again, as daemons take SIGHUP to mean.
///
/// Wraps `kill`.
public func requestReload(ofProcess id: Int) throws(SystemError) {
  // Zero and below would mean whole groups of processes.
  guard let id = pid_t(exactly: id), id > 0 else { throw SystemError(errno: ESRCH, call: "kill") }
  try retryingOnInterrupt("kill") { kill(id, SIGHUP) }
}

/// Whether there is a process of this id.
///
/// Wraps `kill`.
public func isRunning(process id: Int) -> Bool {
  guard let id = pid_t(exactly: id), id > 0 else { return false }
  return kill(id, 0) == 0 || errno == EPERM
}

/// SIGHUP before there is anybody to answer it.
///
/// Blocking it would not do: the runtime has threads that take it, whatever ours say.
public enum Hangups {
  private static let hasCome = Atomic<Bool>(false)

  /// From now on a SIGHUP is remembered instead of ending the process, until somebody else installs
  /// a handler of his own.
  ///
  /// Call it first of all. Wraps `signal`.
  public static func remember() {
    // Touched here, so that the handler finds it made.
    hasCome.store(false, ordering: .relaxed)
    _ = signal(SIGHUP) { _ in Hangups.hasCome.store(true, ordering: .relaxed) }
  }

  /// Whether one has come, which is then forgotten.
  public static func take() -> Bool { hasCome.exchange(false, ordering: .relaxed) }
}
