private import CLinux
private import Glibc

/// What a process that holds secrets does before it reads the first one.
public enum ProcessHardening {
  /// Keeps the memory of this process out of core files and away from other processes of its user:
  /// no core is written, nobody but root can attach or read `/proc/<pid>/mem` and `environ`.
  ///
  /// Wraps `prctl(PR_SET_DUMPABLE)` and `setrlimit(RLIMIT_CORE)`.
  public static func forbidDumps() throws(SystemError) {
    try retryingOnInterrupt("prctl") { linux_forbid_dumping() }
    try retryingOnInterrupt("setrlimit") { linux_forbid_core_files() }
  }

  /// Makes a write to a pipe or socket that nobody reads any more fail instead of ending the process.
  ///
  /// Wraps `signal(SIGPIPE)`.
  public static func ignoreBrokenPipes() {
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
