private import Linux

/// Copies of stores.
public enum Backup {
  /// Copies the store in `source` into `target`, an empty directory or a new one, and checks the
  /// copy as far as that is possible without a key.
  ///
  /// The store may be open and written to: the copy has everything that was acknowledged before
  /// the call, and of what was written since, what came before some moment. It is a store: it can be
  /// opened where it is. The master keys are not in it.
  public static func make(of source: String, in target: String) throws(StoreError) {
    try copy(from: RealDisk(reading: source), to: emptyDisk(target))
  }

  /// Copies a backup to where a store is to be, an empty directory or a new one, if `keys` open it.
  ///
  /// If this is interrupted, what is there is refused by `Store.open`.
  public static func restore(
    _ backup: String, to directory: String, keys: MasterKeys
  ) throws(StoreError) {
    let source = try RealDisk(reading: backup)
    _ = try Inspection(disk: source, keys: keys)
    try copy(from: source, to: emptyDisk(directory))
  }

  private static func emptyDisk(_ path: String) throws(StoreError) -> RealDisk {
    let disk = try RealDisk(path: path, create: true)
    guard try StoreError.at(path, { () throws(SystemError) in try disk.names() }).isEmpty else {
      throw .notEmpty(path: path)
    }
    return disk
  }

  package static func copy(from source: any Disk, to target: any Disk) throws(StoreError) {
    for attempt in 1...Limits.readingAttempts {
      do throws(StoreError) {
        try copyOnce(from: source, to: target)
        _ = try Inspection(disk: target, keys: nil)
        return
      } catch {
        // A writer may have removed a file, or written to the last one in the middle of our reading.
        try StoreError.at(".") { () throws(SystemError) in
          for name in try target.names() { try target.remove(name) }
        }
        if attempt == Limits.readingAttempts { throw error }
      }
    }
  }

  private static func copyOnce(
    from source: any Disk, to target: any Disk
  ) throws(StoreError) {
    let markName = Format.highWaterMarkName
    // The mark is read first, so that the log has only grown since, and written last: without it
    // nobody takes the copy for a store.
    let mark = try source.open(markName)
    let markBytes = try StoreError.at(markName) { () throws(SystemError) in
      try mark.read(mark.size(), at: 0)
    }
    let names = try StoreError.at(".") { () throws(SystemError) in try source.names() }
    // All are opened, and their headers read, before the first is copied: a compaction may remove the
    // name of a file and destroy its header, but nothing else of it.
    var files: [(name: String, file: any DiskFile, header: [UInt8])] = []
    for name in StoreFiles(names).all {
      let file = try source.open(name.text)
      let header = try StoreError.at(name.text) { () throws(SystemError) in
        try file.read(Format.headerLength, at: 0)
      }
      files.append((name.text, file, header))
    }
    for (name, file, header) in files {
      try StoreError.at(name) { () throws(SystemError) in try target.copy(file, header, to: name) }
    }
    try StoreError.at(markName) { () throws(SystemError) in
      try target.synchronizeNames()
      try target.replace(markName, with: markBytes.span)
    }
  }
}
