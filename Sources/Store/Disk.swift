package import Linux

/// The file operations that the store needs, within one directory.
///
/// The store does nothing to a disk but through here, so that a test can make any step fail or let
/// the power go out behind it. Implementations may be called from any thread.
package protocol Disk: AnyObject, Sendable {
  /// The names of all files, in no order.
  func names() throws(SystemError) -> [String]

  /// Opens a file that must exist and be as private as ours are.
  func open(_ name: String) throws(StoreError) -> any DiskFile

  /// Creates a file that must not exist, mode 0600.
  func create(_ name: String) throws(SystemError) -> any DiskFile

  /// Gives a file another name, replacing what had it.
  func rename(_ old: String, to new: String) throws(SystemError)

  /// Removes a file's name.
  func remove(_ name: String) throws(SystemError)

  /// Waits until all names are as durable as the files are.
  func synchronizeNames() throws(SystemError)
}

/// An open file.
///
/// It closes itself when the last reference goes.
package protocol DiskFile: AnyObject, Sendable {
  /// The length in bytes.
  func size() throws(SystemError) -> Int

  /// Up to `count` bytes from `offset`; fewer only at the end of the file.
  func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8]

  /// Writes bytes at `offset` and returns how many, which may be fewer than there are.
  func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) -> Int

  /// Reserves space, which reads as zeros.
  func allocate(_ count: Int) throws(SystemError)

  /// Cuts the file.
  func truncate(to count: Int) throws(SystemError)

  /// Waits until the content is on the disk. After an error, what it holds is in doubt for ever.
  func synchronize() throws(SystemError)
}

extension DiskFile {
  /// Writes all of `bytes`, in as many steps as the system takes.
  func writeAll(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let count = try write(bytes.extracting(written...), at: offset + written)
      guard count > 0 else { throw .noProgress }
      written += count
    }
  }
}

extension Disk {
  /// Creates a file, in place of one that an attempt before left and could not remove: a full disk
  /// may refuse that, too.
  func createAnew(_ name: String) throws(SystemError) -> any DiskFile {
    do throws(SystemError) {
      return try create(name)
    } catch  where error.isFileExists {
      try remove(name)
      return try create(name)
    }
  }

  /// Creates or replaces `name` so that at every moment either all of it is there or what was
  /// there before: written under a temporary name, synced, renamed, and the name synced.
  func replace(_ name: String, with bytes: Span<UInt8>) throws(SystemError) {
    let temporary = name + Format.temporarySuffix
    let file = try create(temporary)
    try file.writeAll(bytes, at: 0)
    try file.synchronize()
    try rename(temporary, to: name)
    try synchronizeNames()
  }
}
