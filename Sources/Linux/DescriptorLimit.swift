private import CLinux

/// How many descriptors this process may have open at once.
public enum DescriptorLimit {
  /// Raises the limit as far as the process may itself; returns what it is now.
  ///
  /// Most are started with a limit of 1,024, which is there for programs that call `select`.
  ///
  /// Wraps `getrlimit` and `setrlimit(RLIMIT_NOFILE)`.
  public static func raise() throws(SystemError) -> Int {
    var limit: CUnsignedLong = 0
    try retryingOnInterrupt("setrlimit") { unsafe linux_raise_descriptor_limit(&limit) }
    return Int(clamping: limit)
  }
}
