internal import CLinux
internal import Glibc

/// The listening sockets that whoever started this process has opened for it, as systemd does.
///
/// Such a socket outlives its server: while that is restarted, the kernel lets callers in, and the
/// next server finds them waiting.
public enum SocketActivation {
  /// The first descriptor that is handed over (`sd_listen_fds(3)`).
  private static let first: CInt = 3
  /// More than anybody would hand over.
  private static let most: CInt = 64

  /// The descriptors handed over to this process; none if the environment does not speak of any, or
  /// speaks of another process.
  ///
  /// Takes the variables out of the environment, so that no child believes them. Call it once, while
  /// the process has one thread.
  public static func takeDescriptors() -> [CInt] {
    let (process, count) = (number("LISTEN_PID"), number("LISTEN_FDS"))
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsafe unsetenv(name) }
    guard process == getpid(), let count, (1...most).contains(count) else { return [] }
    return (first..<first + count).map { raw in
      // For the children: nobody handed these sockets to them.
      _ = linux_set_close_on_exec(raw)
      return raw
    }
  }

  private static func number(_ name: String) -> CInt? {
    guard let text = unsafe getenv(name) else { return nil }
    return CInt(unsafe String(cString: text))
  }
}
