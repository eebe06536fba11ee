private import CLinux
private import Glibc

/// A descriptor that becomes readable when another thread adds to it: the bell of an event loop.
public struct EventCounter: ~Copyable, Sendable {
  private let descriptor: FileDescriptor

  /// The number to wait for, valid for as long as this value lives.
  public var raw: CInt { descriptor.raw }

  /// Wraps `eventfd`.
  public init() throws(SystemError) {
    descriptor = FileDescriptor(
      owning: try retryingOnInterrupt("eventfd") {
        eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
      })
  }

  /// Makes the descriptor readable.
  ///
  /// Cannot fail in a way that matters: if the counter is full, it is readable already.
  public func ring() {
    _ = eventfd_write(descriptor.raw, 1)
  }
}
