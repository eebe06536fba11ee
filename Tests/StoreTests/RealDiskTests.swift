import Glibc
import Linux
import Store
import Testing

/// The store in a directory of the operating system.
struct RealDiskTests {
  @Test func `a store survives closing and opening, in files for its owner alone`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/store"
    let store = try Store.open(directory: path, keys: masterKeys)
    for number in 0..<100 { try await store.put("k\(number)", "MARKER \(number)") }
    store.close()
    let again = try Store.open(directory: path, keys: masterKeys)
    #expect(again.contents == store.contents && again.count == 100)

    let directory = try Directory(path: path)
    #expect(try directory.status().permissions == 0o700)
    let names = try directory.names()
    #expect(names.sorted() == ["0000000000000001.log", "high-water-mark", "lock"])
    for name in names {
      let file = try directory.open(name, .read)
      #expect(try file.status().permissions == 0o600)
      // A closed segment gives its reserved space back.
      #expect(try file.status().size < 100_000)
      let bytes = try file.read(100_000, at: 0)
      #expect(!String(decoding: bytes, as: Unicode.ASCII.self).contains("MARKER"))
    }
  }

  // T88: of a process that was killed the file is left, and its id may be another's by now.
  @Test(arguments: ["", "1", "1 1", "-1 -1", "99999999999999999999 1", "text"])
  func `T88: what a lock file says is believed only of a process that has the lock`(
    _ left: String
  ) throws {
    let scratch = try Scratch()
    // Our own id with another start is another process, too.
    for text in [left, "\(processID()) 1"] {
      try scratch.write("lock", text)
      let held = try Directory(path: scratch.path).open("lock", .write)
      #expect(try held.tryLock())
      #expect(throws: StoreError.inUse(pid: nil)) {
        try Store.open(directory: scratch.path, keys: masterKeys)
      }
      try held.close()
      // Nobody has it: whoever the file names, be it a process that runs.
      let store = try Store.open(directory: scratch.path, keys: masterKeys)
      #expect(throws: StoreError.inUse(pid: Int(processID()))) {
        try Store.open(directory: scratch.path, keys: masterKeys)
      }
      store.close()
      try Directory(path: scratch.path).remove("lock")
    }
  }

  // T88.
  @Test func `a second opening is refused with the first one's process id`() async throws {
    let scratch = try Scratch()
    let store = try Store.open(directory: scratch.path, keys: masterKeys)
    #expect(throws: StoreError.inUse(pid: Int(processID()))) {
      try Store.open(directory: scratch.path, keys: masterKeys)
    }
    store.close()
    _ = try Store.open(directory: scratch.path, keys: masterKeys)
  }

  // T87.
  @Test func `a directory that others may enter is refused`() throws {
    let scratch = try Scratch()
    #expect(unsafe chmod(scratch.path, 0o750) == 0)
    #expect(
      throws: StoreError.insecure(path: scratch.path, reason: "has mode 0750, must be 0700")
    ) { try Store.open(directory: scratch.path, keys: masterKeys) }
    #expect(try scratch.names == [])
  }

  // T87.
  @Test func `a data file that is readable, linked, a link or a FIFO is refused`() async throws {
    let name = "0000000000000001.log"
    for (tamper, reason) in [
      ({ unsafe chmod($0, 0o644) }, "has mode 0644, must be 0600"),
      ({ unsafe link($0, $0 + "-2") }, "has a second name"),
      (
        { path in
          unsafe rename(path, path + "-2")
          return unsafe symlink(path + "-2", path)
        }, nil
      ),
      (
        { path in
          unsafe unlink(path)
          return unsafe mkfifo(path, 0o600)
        }, "not a regular file"
      ),
    ] as [((String) -> CInt, String?)] {
      let scratch = try Scratch()
      let store = try Store.open(directory: scratch.path, keys: masterKeys)
      try await store.put("a", "1")
      store.close()
      let path = "\(scratch.path)/\(name)"
      #expect(tamper(path) == 0)
      let link = StoreError.disk(path: path, SystemError(errno: ELOOP, call: "openat"))
      #expect(throws: reason.map { .insecure(path: path, reason: $0) } ?? link) {
        try Store.open(directory: scratch.path, keys: masterKeys)
      }
    }
  }

  @Test func `a store that must exist is not begun`() throws {
    let scratch = try Scratch()
    var configuration = Store.Configuration()
    configuration.createIfMissing = false
    for path in [scratch.path, "\(scratch.path)/none"] {
      do throws(StoreError) {
        _ = try Store.open(directory: path, keys: masterKeys, configuration: configuration)
        Issue.record("opened nothing")
      } catch {
        if case .missing = error { continue }
        Issue.record("\(error)")
      }
    }
  }

  // T82: the mark elsewhere sees that the whole directory is an older copy.
  @Test func `a mark in another directory sees a whole directory rolled back`() async throws {
    let scratch = try Scratch()
    var configuration = Store.Configuration()
    configuration.highWaterMarkDirectory = "\(scratch.path)/mark"
    func opened(_ name: String) throws -> Store {
      try Store.open(
        directory: "\(scratch.path)/\(name)", keys: masterKeys, configuration: configuration)
    }
    var store = try opened("store")
    try await store.put("a", "1")
    store.close()
    let copied = try scratch.names(in: "store").map {
      ($0, try scratch.read($0, in: "store"))
    }
    store = try opened("store")
    try await store.put("a", "2")
    store.close()
    try Directory.createIfMissing(path: "\(scratch.path)/copy")
    let copy = try Directory(path: "\(scratch.path)/copy")
    for (name, bytes) in copied { _ = try copy.open(name, .create).write(bytes.span, at: 0) }
    #expect(throws: StoreError.rolledBack(reason: "the log ends at 1, but had reached 2")) {
      try opened("copy")
    }
    #expect(try opened("store").count == 1)
  }
}

extension Scratch {
  fileprivate func names(in directory: String) throws -> [String] {
    try Directory(path: "\(path)/\(directory)").names()
  }

  fileprivate func read(_ name: String, in directory: String) throws -> [UInt8] {
    let file = try Directory(path: "\(path)/\(directory)").open(name, .read)
    return try file.read(file.status().size, at: 0)
  }
}
