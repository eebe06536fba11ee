internal import Linux

/// The checks before a file or a directory is trusted.
extension FileStatus {
  /// Refuses a directory that is not ours or that others may enter.
  func requirePrivateDirectory(_ path: String) throws(StoreError) {
    guard kind == .directory else { throw .insecure(path: path, reason: "not a directory") }
    try requireOwn(path, permissions: "0700")
  }

  /// Refuses what is not a plain file of ours, with one name, that others cannot touch.
  func requirePrivateFile(_ path: String) throws(StoreError) {
    guard kind == .regular else { throw .insecure(path: path, reason: "not a regular file") }
    guard links == 1 else { throw .insecure(path: path, reason: "has a second name") }
    try requireOwn(path, permissions: "0600")
  }

  private func requireOwn(_ path: String, permissions wanted: String) throws(StoreError) {
    guard owner == effectiveUser() else {
      throw .insecure(path: path, reason: "belongs to user \(owner), not to \(effectiveUser())")
    }
    guard !isOpenToOthers else {
      let mode = String(permissions, radix: 8)
      throw .insecure(path: path, reason: "has mode 0\(mode), must be \(wanted)")
    }
  }
}
