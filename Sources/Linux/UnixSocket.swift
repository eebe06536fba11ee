internal import CLinux
internal import Glibc

/// Who a process runs as, which the kernel vouches for.
public struct PeerCredentials: Hashable, Sendable {
  /// The process when it connected; its number may be another's by now.
  public let process: Int32
  /// Its user.
  public let user: UInt32
  /// Its group.
  public let group: UInt32
}

extension Socket {
  /// Who connected to a Unix socket.
  ///
  /// Wraps `getsockopt(SO_PEERCRED)`.
  public func peerCredentials() throws(SystemError) -> PeerCredentials {
    var (process, user, group) = (CInt(0), CUnsignedInt(0), CUnsignedInt(0))
    try retryingOnInterrupt("getsockopt") {
      unsafe linux_peer_credentials(raw, &process, &user, &group)
    }
    return PeerCredentials(process: process, user: user, group: group)
  }

  /// Removes a Unix socket that nobody listens to any more: what a server leaves behind that had no
  /// time to tidy up.
  ///
  /// Whatever else is there stays.
  public static func removeStale(path: String) throws(SystemError) {
    let address = SocketAddress.unix(path: path)
    do throws(SystemError) {
      try Socket(for: address).connect(to: address)
    } catch {
      // What is no socket refuses in the same way, and must not be lost.
      guard error.errno == ECONNREFUSED, isSocket(path) else { return }
      try remove(path: path)
    }
  }

  /// Removes a Unix socket that was listened to.
  ///
  /// Wraps `unlink`.
  public static func remove(path: String) throws(SystemError) {
    try retryingOnInterrupt("unlink") { unsafe unlink(path) }
  }

  private static func isSocket(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }
}
