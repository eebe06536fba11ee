import Glibc
import Linux
import Testing

/// A fresh directory under the temporary one, gone with the value.
private final class Scratch {
  let path: String

  init() throws {
    path = "/tmp/linkd-file-tests.\(UInt64.random(in: 0 ... .max))"
    try Directory.createIfMissing(path: path)
  }

  deinit {
    if let directory = try? Directory(path: path), let names = try? directory.names() {
      for name in names { try? directory.remove(name) }
    }
    _ = unsafe rmdir(path)
  }
}

struct FileTests {
  @Test func `what is written can be read back, and no more`() throws {
    let scratch = try Scratch()
    let directory = try Directory(path: scratch.path)
    let file = try directory.open("a", .create)
    #expect(try file.write([1, 2, 3, 4].span, at: 2) == 4)
    try file.synchronizeData()
    #expect(try file.read(100, at: 0) == [0, 0, 1, 2, 3, 4])
    #expect(try file.read(2, at: 3) == [2, 3])
    #expect(try file.read(2, at: 6) == [])
    try file.truncate(to: 3)
    try file.allocate(4096)
    #expect(try file.read(4, at: 0) == [0, 0, 1, 0])
    #expect(try file.status().size == 4096)
  }

  @Test func `files and directories are made for their owner alone`() throws {
    let scratch = try Scratch()
    let directory = try Directory(path: scratch.path)
    let status = try directory.open("a", .create).status()
    #expect(status.kind == .regular && status.permissions == 0o600 && status.links == 1)
    #expect(status.owner == effectiveUser() && !status.isOpenToOthers)
    let own = try directory.status()
    #expect(own.kind == .directory && own.permissions == 0o700 && !own.isOpenToOthers)
  }

  @Test func `a name that exists is not created again, a missing one is not opened`() throws {
    let scratch = try Scratch()
    let directory = try Directory(path: scratch.path)
    _ = try directory.open("a", .create)
    #expect(errno(of: { _ = try directory.open("a", .create) }) == EEXIST)
    #expect(errno(of: { _ = try directory.open("b", .read) }) == ENOENT)
  }

  @Test func `a symbolic link is not followed, and a FIFO does not hold us up`() throws {
    let scratch = try Scratch()
    let directory = try Directory(path: scratch.path)
    #expect(unsafe symlink("/etc/passwd", scratch.path + "/link") == 0)
    #expect(errno(of: { _ = try directory.open("link", .read) }) == ELOOP)
    #expect(unsafe mkfifo(scratch.path + "/fifo", 0o600) == 0)
    #expect(try directory.open("fifo", .read).status().kind == .other)
    #expect(unsafe symlink(scratch.path, scratch.path + "/self") == 0)
    #expect(errno(of: { _ = try Directory(path: scratch.path + "/self") }) == ENOTDIR)
  }

  @Test func `names come and go with rename and remove`() throws {
    let scratch = try Scratch()
    let directory = try Directory(path: scratch.path)
    for name in ["a", "b"] { _ = try directory.open(name, .create) }
    try directory.rename("a", to: "b")
    try directory.synchronize()
    #expect(try directory.names() == ["b"])
    try directory.remove("b")
    #expect(try directory.names() == [])
  }

  @Test func `a lock is held until its descriptor is closed`() throws {
    let scratch = try Scratch()
    let directory = try Directory(path: scratch.path)
    let first = try directory.open("lock", .create)
    #expect(try first.tryLock())
    let second = try directory.open("lock", .write)
    #expect(try !second.tryLock())
    try first.close()
    #expect(try second.tryLock())
  }

  @Test func `a semaphore wakes the thread that waits for it`() throws {
    final class Box: Sendable { let semaphore = Semaphore() }
    let (ping, pong) = (Box(), Box())
    let thread = try Thread(name: "waiter") {
      for _ in 0..<100 {
        ping.semaphore.wait()
        pong.semaphore.signal()
      }
    }
    for _ in 0..<100 {
      ping.semaphore.signal()
      pong.semaphore.wait()
    }
    thread.join()
  }

  private func errno(of body: () throws -> Void) -> CInt? {
    do { try body() } catch { return (error as? SystemError)?.errno }
    return nil
  }
}
