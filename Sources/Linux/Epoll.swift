private import CLinux
private import Glibc

/// What a descriptor is ready for, or what somebody wants to hear of.
public struct Readiness: OptionSet, Hashable, Sendable {
  /// The bits of `epoll_event.events`.
  public let rawValue: UInt32

  /// Takes the bits as `epoll_wait` gave them.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Reading would not wait: there are bytes, a connection to accept, or the end.
  public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
  /// Writing would not wait.
  public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The descriptor failed.
  ///
  /// Always reported, whether asked for or not.
  public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
  /// Both directions are closed.
  ///
  /// Always reported, whether asked for or not.
  public static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue)
  /// Asks to be told once per change instead of for as long as it holds.
  public static let onChange = Readiness(rawValue: EPOLLET.rawValue)
}

/// A set of descriptors that can be waited for together.
///
/// The descriptors stay their owners': remove one before closing it.
@safe
public struct Epoll: ~Copyable {
  /// How many events one wait can report.
  ///
  /// More stay in the kernel for the next one.
  public static let eventsPerWait = 256

  private let descriptor: FileDescriptor
  private let events: UnsafeMutableBufferPointer<epoll_event>

  /// Wraps `epoll_create1`.
  public init() throws(SystemError) {
    descriptor = FileDescriptor(
      owning: try retryingOnInterrupt("epoll_create1") { epoll_create1(CInt(EPOLL_CLOEXEC)) })
    unsafe events = .allocate(capacity: Self.eventsPerWait)
    unsafe events.initialize(repeating: epoll_event())
  }

  deinit { unsafe events.deallocate() }

  /// Starts reporting `raw`, each time with `token`.
  ///
  /// Wraps `epoll_ctl(EPOLL_CTL_ADD)`.
  public func add(_ raw: CInt, for interest: Readiness, token: UInt64) throws(SystemError) {
    try control(EPOLL_CTL_ADD, raw, interest, token)
  }

  /// Changes what is reported of `raw`.
  ///
  /// Wraps `epoll_ctl(EPOLL_CTL_MOD)`.
  public func modify(_ raw: CInt, for interest: Readiness, token: UInt64) throws(SystemError) {
    try control(EPOLL_CTL_MOD, raw, interest, token)
  }

  /// Stops reporting `raw`.
  ///
  /// Wraps `epoll_ctl(EPOLL_CTL_DEL)`.
  public func remove(_ raw: CInt) throws(SystemError) {
    try control(EPOLL_CTL_DEL, raw, [], 0)
  }

  private func control(
    _ operation: CInt, _ raw: CInt, _ interest: Readiness, _ token: UInt64
  ) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events = interest.rawValue
    unsafe event.data.u64 = token
    try retryingOnInterrupt("epoll_ctl") {
      unsafe epoll_ctl(descriptor.raw, operation, raw, &event)
    }
  }

  /// Waits at most `milliseconds` (-1: without end) and returns how many events there are.
  ///
  /// A signal ends the wait with none. Wraps `epoll_wait`.
  public mutating func wait(milliseconds: CInt) throws(SystemError) -> Int {
    let count = unsafe epoll_wait(
      descriptor.raw, events.baseAddress, CInt(Self.eventsPerWait), milliseconds)
    if count >= 0 { return Int(count) }
    let code = errno
    if code == EINTR { return 0 }
    throw SystemError(errno: code, call: "epoll_wait")
  }

  /// One event of the last wait: whose it is and what it says.
  public func event(at index: Int) -> (token: UInt64, readiness: Readiness) {
    precondition(index >= 0 && index < Self.eventsPerWait, "no such event")
    let event = unsafe events[index]
    return unsafe (event.data.u64, Readiness(rawValue: event.events))
  }
}
