private import CLinux
private import Glibc

/// Asks another process to read its configuration again, as daemons take SIGHUP to mean.
///
/// Wraps `kill`.
public func requestReload(ofProcess id: Int) throws(SystemError) {
  // Zero and below would mean whole groups of processes.
  guard let id = pid_t(exactly: id), id > 0 else { throw SystemError(errno: ESRCH, call: "kill") }
  try retryingOnInterrupt("kill") { kill(id, SIGHUP) }
}
