private import CLinux
private import Glibc

/// A counter that a thread can wait on until it is above zero.
///
/// It blocks the thread, so only for threads of our own, never for a task. It must outlive every
/// thread that waits on it. Wraps `sem_t`.
@safe
public struct Semaphore: ~Copyable, Sendable {
  // Sendable is sound: sem_post and sem_wait may be called from any thread, and the memory stays
  // where it is until deinit.
  nonisolated(unsafe) private let raw: UnsafeMutablePointer<sem_t>

  /// Starts at zero.
  public init() {
    unsafe raw = .allocate(capacity: 1)
    let result = unsafe sem_init(raw, 0, 0)
    precondition(result == 0, "sem_init refuses only a value out of range")
  }

  deinit {
    unsafe sem_destroy(raw)
    unsafe raw.deallocate()
  }

  /// Adds one, and wakes one waiter if there is one.
  public func signal() {
    // It fails only if the counter would overflow, and then the waiter is awake anyway.
    _ = unsafe sem_post(raw)
  }

  /// Waits until the counter is above zero and takes one away, for so long without sleeping.
  ///
  /// To wake a thread takes some 10 µs, and more where the core sleeps, too; but one that stays awake
  /// takes its core from others. For what is known to come at once.
  public func wait(awakeFor time: Duration) {
    let end = ContinuousClock.now + time
    repeat {
      if unsafe sem_trywait(raw) == 0 { return }
    } while ContinuousClock.now < end
    wait()
  }

  /// Waits until the counter is above zero and takes one away.
  public func wait() {
    while unsafe sem_wait(raw) == -1 {
      precondition(errno == EINTR, "sem_wait fails only when interrupted")
    }
  }
}
