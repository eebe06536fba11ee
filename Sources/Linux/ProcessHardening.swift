private import CLinux

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
}
