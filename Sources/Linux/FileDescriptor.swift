private import CLinux
private import Glibc

/// An open file descriptor that closes itself exactly once.
public struct FileDescriptor: ~Copyable, Sendable {
  /// The number itself, valid for as long as this value lives.
  public let raw: CInt

  /// Takes over a descriptor that nobody else will close.
  public init(owning raw: CInt) { self.raw = raw }

  deinit { _ = Glibc.close(raw) }

  /// Closes now, so that an error can be seen.
  public consuming func close() throws(SystemError) {
    let raw = self.raw
    discard self
    // Not retried on EINTR: on Linux the descriptor is gone either way.
    if Glibc.close(raw) == -1 { throw SystemError(errno: errno, call: "close") }
  }
}
