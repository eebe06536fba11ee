public import Linux
public import OpenSSL

/// Why the store did not do what it was asked.
///
/// No case carries a key, a value or a secret.
public enum StoreError: Error, Hashable {
  // What a caller of `commit` sees.

  /// A requirement of the batch did not hold. Nothing of it was written.
  case conflict
  /// A key, a value or the batch is over its limit. Nothing was written.
  case tooLarge
  /// Too much is waiting to be written. Nothing was written; try again later.
  case overloaded
  /// The disk had no room for a new segment. Nothing was written, and the store goes on.
  case noSpace
  /// The store was closed. Nothing was written.
  case closed
  /// Writing or syncing failed, so that the batch may be there after a restart, or not. From now on
  /// the store refuses every commit with `failed`.
  case outcomeUnknown
  /// An earlier write or sync failed. Nothing was written; only a restart can tell what is on disk.
  case failed

  // What `open` refuses.

  /// Another process has the directory open; its id, if it left one.
  case inUse(pid: Int?)
  /// There is no store here, and none was to be created.
  case missing(path: String)
  /// What is to be filled holds something already.
  case notEmpty(path: String)
  /// Something is not as private as it must be, or is not the kind of file it must be.
  case insecure(path: String, reason: String)
  /// A file is not what was written, before its end: nothing was changed, and only giving up
  /// what follows would go on.
  case damaged(file: String, offset: Int, reason: String)
  /// A file is whole but was not written by this store at this place.
  case tampered(file: String, offset: Int)
  /// The log ends before, or differs from, what was durable once: an older copy was put in place.
  case rolledBack(reason: String)
  /// A segment needs a master key that was not given.
  case unknownMasterKey(version: UInt32, file: String)
  /// The master key of this version is not the one that wrapped the segment's key.
  case wrongMasterKey(version: UInt32, file: String)
  /// The master keys cannot be used: missing, short, all zero, malformed, given twice.
  case invalidMasterKeys(path: String, reason: String)
  /// The file was written by a version of this program that knows more.
  case unsupportedFormat(file: String, format: UInt16)

  // What lies below.

  /// The operating system refused, at this file.
  case disk(path: String, SystemError)
  /// libcrypto refused, for want of random bytes for instance. Nothing was written.
  case crypto(CryptoError)
}

extension StoreError {
  /// Runs file operations; what the system refuses becomes an error about `path`.
  static func at<Result: ~Copyable>(
    _ path: String, _ body: () throws(SystemError) -> Result
  ) throws(StoreError) -> Result {
    do throws(SystemError) { return try body() } catch { throw .disk(path: path, error) }
  }
}
