private import CLinux
private import Glibc

/// Runs one system call, again for as long as a signal interrupts it, and throws what it left in
/// `errno` if it failed.
///
/// Not for `close`: there the descriptor is gone even when EINTR is reported.
@discardableResult
package func retryingOnInterrupt<Result: FixedWidthInteger & SignedInteger>(
  _ call: StaticString, _ body: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = body()
    if result != -1 { return result }
    // Read at once: the next call on this thread overwrites it.
    let code = errno
    if code != EINTR { throw SystemError(errno: code, call: call) }
  }
}

/// Runs one non-blocking system call and returns nil if it would have to wait.
package func unlessBlocking<Result: FixedWidthInteger & SignedInteger>(
  _ call: StaticString, _ body: () -> Result
) throws(SystemError) -> Result? {
  do throws(SystemError) {
    return try retryingOnInterrupt(call, body)
  } catch {
    // The same number on Linux; POSIX allows two.
    if error.errno == EAGAIN || error.errno == EWOULDBLOCK { return nil }
    throw error
  }
}
