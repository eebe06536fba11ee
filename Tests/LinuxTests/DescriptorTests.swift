private import CLinux
private import Glibc
import Linux
import Synchronization
import Testing

struct DescriptorTests {
  /// A descriptor with a number that no test running beside this one is given.
  private func openNull() throws -> CInt {
    let null = FileDescriptor(
      owning: try retryingOnInterrupt("open") {
        unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
      })
    return try retryingOnInterrupt("fcntl") { Glibc.fcntl(null.raw, F_DUPFD_CLOEXEC, 900) }
  }

  private func isOpen(_ raw: CInt) -> Bool { Glibc.fcntl(raw, F_GETFD) != -1 }

  @Test func `closing a descriptor that is not open reports EBADF`() {
    do {
      try FileDescriptor(owning: 1 << 20).close()
      Issue.record("closed it")
    } catch {
      #expect(error == SystemError(errno: EBADF, call: "close"))
    }
  }

  @Test func `a descriptor closes itself when it goes out of scope`() throws {
    let raw = try openNull()
    do {
      let descriptor = FileDescriptor(owning: raw)
      #expect(isOpen(descriptor.raw))
    }
    #expect(!isOpen(raw))
  }

  @Test func `an error names the call and its meaning`() {
    let error = SystemError(errno: ENOENT, call: "open")
    #expect(error.description == "open: ENOENT: No such file or directory")
    #expect(SystemError(errno: 99_999, call: "x").description == "x: errno 99999: unknown error")
  }

  @Test func `an interrupted call is made again`() throws {
    var calls = 0
    let result = try retryingOnInterrupt("read") { () -> Int in
      calls += 1
      errno = EINTR
      return calls < 3 ? -1 : 7
    }
    #expect(result == 7 && calls == 3)
  }

  @Test func `a call that would wait answers nil`() throws {
    let result = try unlessBlocking("read") { () -> Int in
      errno = EAGAIN
      return -1
    }
    #expect(result == nil)
  }

  @Test func `a joined thread has run its closure`() throws {
    let box = Flag()
    let thread = try Thread(name: "a name longer than fifteen bytes") {
      box.value.store(true, ordering: .relaxed)
    }
    thread.join()
    let ran = box.value.load(ordering: .relaxed)
    #expect(ran)
  }

  private final class Flag: Sendable { let value = Atomic<Bool>(false) }
}
