package import Linux

/// A directory of the operating system, held against every other process.
package final class RealDisk: Disk {
  private let path: String
  private let directory: Directory
  /// Nil if this is only to read.
  private let lock: FileDescriptor?

  /// Opens the directory at `path`, creating it 0700 if wanted, checks that it is ours alone, and
  /// locks it until this value goes.
  package init(path: String, create: Bool) throws(StoreError) {
    let directory = try Self.directory(path, create: create)
    let status = try StoreError.at(path) { () throws(SystemError) in try directory.status() }
    try status.requirePrivateDirectory(path)
    lock = try Self.lock(directory, path)
    self.directory = directory
    self.path = path
  }

  /// Opens the directory at `path` to read, whoever has it locked.
  package init(reading path: String) throws(StoreError) {
    let directory = try Self.directory(path, create: false)
    let status = try StoreError.at(path) { () throws(SystemError) in try directory.status() }
    try status.requirePrivateDirectory(path)
    lock = nil
    self.directory = directory
    self.path = path
  }

  private static func directory(_ path: String, create: Bool) throws(StoreError) -> Directory {
    do throws(SystemError) {
      if create { try Directory.createIfMissing(path: path) }
      return try Directory(path: path)
    } catch { throw error.isNoSuchFile ? .missing(path: path) : .disk(path: path, error) }
  }

  package func names() throws(SystemError) -> [String] {
    try directory.names().filter { $0 != Format.lockName }
  }

  package func open(_ name: String) throws(StoreError) -> any DiskFile {
    let path = "\(path)/\(name)"
    let file = try StoreError.at(path) { () throws(SystemError) in
      try directory.open(name, lock == nil ? .read : .write)
    }
    let status = try StoreError.at(path) { () throws(SystemError) in try file.status() }
    try status.requirePrivateFile(path)
    return RealFile(file)
  }

  package func create(_ name: String) throws(SystemError) -> any DiskFile {
    RealFile(try directory.open(name, .create))
  }

  package func rename(_ old: String, to new: String) throws(SystemError) {
    try directory.rename(old, to: new)
  }

  package func remove(_ name: String) throws(SystemError) { try directory.remove(name) }

  package func synchronizeNames() throws(SystemError) { try directory.synchronize() }

  /// Takes the lock, and leaves in the file who we are for whoever comes second to report.
  ///
  /// The lock is the kernel's and goes with the process; what the file says may be left by one that
  /// was killed, so it is believed only of a process that lives.
  private static func lock(
    _ directory: borrowing Directory, _ path: String
  ) throws(StoreError) -> FileDescriptor {
    let path = "\(path)/\(Format.lockName)"
    let file = try StoreError.at(path) { () throws(SystemError) in try openLock(directory) }
    let holder = try StoreError.at(path) { () throws(SystemError) -> [UInt8]? in
      guard try file.tryLock() else { return try file.read(ProcessIdentity.longestText, at: 0) }
      try file.truncate(to: 0)
      if let own = ProcessIdentity.current { _ = try file.write(own.text.span, at: 0) }
      return nil
    }
    guard let holder else { return file }
    let process = ProcessIdentity(text: holder)
    throw .inUse(pid: process?.isRunning == true ? process?.id : nil)
  }

  private static func openLock(
    _ directory: borrowing Directory
  ) throws(SystemError) -> FileDescriptor {
    do throws(SystemError) {
      return try directory.open(Format.lockName, .create)
    } catch  where error.isFileExists {
      return try directory.open(Format.lockName, .write)
    }
  }
}

/// A file of the operating system.
private final class RealFile: DiskFile {
  private let descriptor: FileDescriptor

  init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

  func size() throws(SystemError) -> Int { try descriptor.status().size }

  func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    try descriptor.read(count, at: offset)
  }

  func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) -> Int {
    try descriptor.write(bytes, at: offset)
  }

  func allocate(_ count: Int) throws(SystemError) { try descriptor.allocate(count) }

  func truncate(to count: Int) throws(SystemError) { try descriptor.truncate(to: count) }

  func synchronize() throws(SystemError) { try descriptor.synchronizeData() }
}
