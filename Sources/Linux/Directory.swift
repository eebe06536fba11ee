private import CLinux
private import Glibc

/// An open directory.
///
/// Names are looked up in it and not in a path, so that nobody who renames a parent can lead us
/// elsewhere.
public struct Directory: ~Copyable, Sendable {
  /// How a file is to be opened.
  public enum Access: Hashable, Sendable {
    /// For reading only.
    case read
    /// For reading and writing.
    case write
    /// For reading and writing, created with mode 0600; it must not exist.
    case create
  }

  private let descriptor: FileDescriptor

  /// Opens the directory at `path`, of which the last component must not be a symbolic link.
  public init(path: String) throws(SystemError) {
    let raw = try retryingOnInterrupt("open") {
      unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    }
    descriptor = FileDescriptor(owning: raw)
  }

  /// Creates the directory with mode 0700 unless there is something of this name already.
  ///
  /// It is in its parent for certain when this returns, also if a process before made it and was killed:
  /// without that, what is synced in it could be lost with it. Wraps `mkdir`.
  public static func createIfMissing(path: String) throws(SystemError) {
    var isNew = true
    do throws(SystemError) {
      try retryingOnInterrupt("mkdir") { unsafe mkdir(path, 0o700) }
    } catch  where error.errno == EEXIST { isNew = false }
    do throws(SystemError) {
      let raw = try retryingOnInterrupt("open") {
        unsafe Glibc.open(parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      }
      try FileDescriptor(owning: raw).synchronize()
    } catch  where !isNew && error.isAccessDenied {
      // Whoever made it there may look into the parent, and we may not.
    }
  }

  private static func parent(of path: String) -> String {
    var bytes = Array(path.utf8)
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
  }

  /// Opens the file `name`, which must not be a symbolic link.
  ///
  /// Wraps `openat`.
  ///
  /// Never waits for the other end of a FIFO: look at `status()` before trusting what was opened.
  public func open(_ name: String, _ access: Access) throws(SystemError) -> FileDescriptor {
    let flags =
      switch access {
      case .read: O_RDONLY
      case .write: O_RDWR
      case .create: O_RDWR | O_CREAT | O_EXCL
      }
    let raw = try retryingOnInterrupt("openat") {
      unsafe openat(descriptor.raw, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
    }
    return FileDescriptor(owning: raw)
  }

  /// Gives the file `old` the name `new`, replacing what had it.
  ///
  /// Wraps `renameat`.
  public func rename(_ old: String, to new: String) throws(SystemError) {
    try retryingOnInterrupt("renameat") {
      unsafe renameat(descriptor.raw, old, descriptor.raw, new)
    }
  }

  /// Removes the name of a file.
  ///
  /// Wraps `unlinkat`.
  public func remove(_ name: String) throws(SystemError) {
    try retryingOnInterrupt("unlinkat") { unsafe unlinkat(descriptor.raw, name, 0) }
  }

  /// Waits until all names are on the disk as they are now.
  public func synchronize() throws(SystemError) { try descriptor.synchronize() }

  /// Whose the directory is, and who may enter it.
  public func status() throws(SystemError) -> FileStatus { try descriptor.status() }

  /// The names of all entries but `.` and `..`, in no order.
  ///
  /// Wraps `readdir`.
  public func names() throws(SystemError) -> [String] {
    // A second descriptor: reading moves the offset and closing the stream closes the descriptor.
    let raw = try retryingOnInterrupt("openat") {
      unsafe openat(descriptor.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    guard let stream = unsafe fdopendir(raw) else {
      let error = SystemError(errno: errno, call: "fdopendir")
      _ = Glibc.close(raw)
      throw error
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let name = try unsafe Self.nextName(stream) {
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private static func nextName(_ stream: OpaquePointer) throws(SystemError) -> String? {
    // The end and an error look alike, except in errno.
    errno = 0
    guard let entry = unsafe readdir(stream) else {
      if errno != 0 { throw SystemError(errno: errno, call: "readdir") }
      return nil
    }
    return unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
      unsafe name.withMemoryRebound(to: CChar.self, capacity: 1) { unsafe String(cString: $0) }
    }
  }
}
