private import CLinux
private import Glibc

/// The failures of file operations that callers treat each in its own way.
extension SystemError {
  /// There is no such file (ENOENT).
  public var isNoSuchFile: Bool { errno == ENOENT }

  /// There is no such process (ESRCH).
  public var isNoSuchProcess: Bool { errno == ESRCH }

  /// Whether somebody else has the address.
  public var isAddressInUse: Bool { errno == EADDRINUSE }

  /// There is a file of this name already (EEXIST).
  public var isFileExists: Bool { errno == EEXIST }

  /// The name is that of a symbolic link, which is not followed (ELOOP).
  public var isSymbolicLink: Bool { errno == ELOOP }

  /// It is somebody else's, and not for us (EACCES).
  public var isAccessDenied: Bool { errno == EACCES }

  /// No space is left, on the disk or for this user (ENOSPC, EDQUOT).
  public var isOutOfSpace: Bool { errno == ENOSPC || errno == EDQUOT }

  /// The file system does not know the operation (EOPNOTSUPP).
  public var isNotSupported: Bool { errno == EOPNOTSUPP }

  /// A write that reports neither progress nor an error, told as EIO.
  public static let noProgress = SystemError(errno: EIO, call: "pwrite")
}

/// The id of this process.
///
/// Wraps `getpid`.
public func processID() -> CInt { getpid() }

/// Seconds since 1970 by the system's clock, which may jump.
///
/// Wraps `time`.
public func secondsSince1970() -> UInt64 { UInt64(clamping: time(nil)) }
