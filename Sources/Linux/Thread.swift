private import CLinux
private import Glibc

/// A thread of the operating system that runs one closure and must be joined.
///
/// For what has to block (an event loop in `epoll_wait`, the log's writer in `fdatasync`) and so has
/// no business on Swift's cooperative pool.
@safe
public struct Thread: ~Copyable, Sendable {
  private let handle: pthread_t

  /// Starts a thread, visible under `name` (cut to the kernel's 15 bytes) in `ps -L` and debuggers.
  ///
  /// Wraps `pthread_create`.
  public init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
    var handle = pthread_t()
    let result = unsafe pthread_create(&handle, nil, threadMain, start.toOpaque())
    guard result == 0 else {
      unsafe start.release()
      throw SystemError(errno: result, call: "pthread_create")
    }
    self.handle = handle
  }

  /// Waits until the closure has returned.
  ///
  /// Never call it from the thread itself. Wraps `pthread_join`.
  public consuming func join() {
    let handle = self.handle
    discard self
    let result = pthread_join(handle, nil)
    precondition(result == 0, "pthread_join: a thread cannot join itself")
  }

  deinit {
    // Nobody asked for its end: let it free itself.
    pthread_detach(handle)
  }
}

/// What a new thread needs, carried through the `void *` of `pthread_create`.
private final class Start: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument = unsafe argument else { return nil }
  let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
  var name = Array(start.name.utf8.prefix(15).map { CChar(bitPattern: $0) })
  name.append(0)
  unsafe pthread_setname_np(pthread_self(), &name)
  start.body()
  return nil
}
