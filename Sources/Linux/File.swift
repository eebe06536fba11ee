private import CLinux
private import Glibc

/// What a file is, as far as trusting it depends on it.
public struct FileStatus: Hashable, Sendable {
  /// The kinds of file that are told apart.
  public enum Kind: Hashable, Sendable { case regular, directory, other }

  /// What the name led to.
  public let kind: Kind
  /// The user it belongs to.
  public let owner: UInt32
  /// The permission bits, such as `0o600`.
  public let permissions: UInt32
  /// The length in bytes.
  public let size: Int
  /// How many names it has.
  public let links: Int

  /// Whether somebody other than its owner may read, write or enter it.
  public var isOpenToOthers: Bool { permissions & 0o077 != 0 }
}

/// The user on whose behalf this process opens files.
///
/// Wraps `geteuid`.
public func effectiveUser() -> UInt32 { geteuid() }

extension FileDescriptor {
  /// Opens a file for reading, wherever its name leads.
  ///
  /// Wraps `open`.
  public init(reading path: String) throws(SystemError) {
    self.init(
      owning: try retryingOnInterrupt("open") {
        unsafe Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
      })
  }

  /// Reads up to `count` bytes from `offset`; fewer at the end of the file.
  ///
  /// Wraps `pread`.
  public func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(SystemError) {
        try unsafe read(into: UnsafeMutableRawBufferPointer(buffer), at: offset, &filled)
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  private func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int, _ filled: inout Int
  ) throws(SystemError) {
    while filled < buffer.count {
      let position = offset + filled
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let got = try retryingOnInterrupt("pread") {
        unsafe pread(raw, rest.baseAddress, rest.count, off_t(position))
      }
      if got == 0 { return }
      filled += got
    }
  }

  /// Writes bytes at `offset` and returns how many, which may be fewer than there are.
  ///
  /// Wraps `pwrite`.
  public func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) -> Int {
    try retryingOnInterrupt("pwrite") {
      unsafe bytes.withUnsafeBytes { unsafe pwrite(raw, $0.baseAddress, $0.count, off_t(offset)) }
    }
  }

  /// Reserves `count` bytes from the start, reading as zeros, so that writing to them later neither
  /// runs out of space nor changes the file's length.
  ///
  /// Wraps `fallocate`; a file system that cannot do it answers EOPNOTSUPP.
  public func allocate(_ count: Int) throws(SystemError) {
    try retryingOnInterrupt("fallocate") { fallocate(raw, 0, 0, off_t(count)) }
  }

  /// Cuts or extends the file to `count` bytes.
  ///
  /// Wraps `ftruncate`.
  public func truncate(to count: Int) throws(SystemError) {
    try retryingOnInterrupt("ftruncate") { ftruncate(raw, off_t(count)) }
  }

  /// Waits until the content, and the length if it changed, is on the disk.
  ///
  /// After an error the kernel may have dropped what it could not write and call the rest clean:
  /// never call it again on that file and believe it. Wraps `fdatasync`.
  public func synchronizeData() throws(SystemError) {
    try retryingOnInterrupt("fdatasync") { fdatasync(raw) }
  }

  /// Waits until content and metadata are on the disk; of a directory, its names.
  ///
  /// Wraps `fsync`.
  public func synchronize() throws(SystemError) {
    try retryingOnInterrupt("fsync") { fsync(raw) }
  }

  /// Takes the file's advisory lock for as long as this descriptor is open, unless another open
  /// file holds it: then answers false.
  ///
  /// Wraps `flock`.
  public func tryLock() throws(SystemError) -> Bool {
    try unlessBlocking("flock") { flock(raw, LOCK_EX | LOCK_NB) } != nil
  }

  /// What was opened, whatever its name means by now.
  ///
  /// Wraps `fstat`.
  public func status() throws(SystemError) -> FileStatus {
    var status = stat()
    try retryingOnInterrupt("fstat") { unsafe fstat(raw, &status) }
    let kind: FileStatus.Kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      default: .other
      }
    return FileStatus(
      kind: kind, owner: status.st_uid, permissions: status.st_mode & 0o7777,
      size: Int(status.st_size), links: Int(status.st_nlink))
  }
}
