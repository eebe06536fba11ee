internal import Linux
internal import OpenSSL

/// Writes the state of one moment into a snapshot, beside the running writer, and removes the files
/// whose place it takes.
///
/// The steps are: write under a temporary name, sync, rename, sync the names, remove. A crash
/// before the rename leaves the log as it was. After it, what the snapshot replaces is no longer
/// read, whether it is still there or not.
package struct Compaction: Sendable {
  /// What became of it.
  package enum Outcome: Hashable, Sendable {
    /// The snapshot has taken the place of everything before it.
    case done
    /// It is not done, for this reason, or not to its end; the log goes on as it was.
    case abandoned(StoreError)
    /// The snapshot may or may not have its name, or what should be destroyed may be readable: the disk
    /// can no longer be relied on.
    case failed
  }

  let disk: any Disk
  /// Without a data key yet.
  let header: SegmentHeader
  let masterKey: SecretBytes
  let index: Index

  /// Does all of it, on any thread but only once.
  ///
  /// It is abandoned as soon as `isCancelled` says so, if the snapshot does not have its name yet.
  /// `progress` learns after every tenth how many entries of how many are written.
  package func run(
    isCancelled: () -> Bool = { false }, progress: (Int, Int) -> Void = { _, _ in }
  ) -> Outcome {
    let name = FileName.snapshot(header.number).text
    do throws(SnapshotError) {
      var writer = try SnapshotWriter(creating: header, masterKey, on: disk)
      do throws(SnapshotError) {
        try write(to: &writer, isCancelled, progress)
      } catch {
        do throws(SystemError) { try writer.abandon() } catch { return .failed }
        throw error
      }
      do throws(SystemError) { try writer.rename() } catch  where error.isOutOfSpace {
        // Then it has not got it.
        do throws(SystemError) { try writer.abandon() } catch { return .failed }
        throw .disk(error)
      } catch { return .failed }
      do throws(SystemError) { try disk.synchronizeNames() } catch { return .failed }
    } catch {
      return .abandoned(StoreError(error, name))
    }
    do throws(SystemError) {
      try disk.removeFiles(replacedBy: header.number)
    } catch  where error.isOutOfSpace {
      // The state is safe: what is left goes with the next one.
      return .abandoned(.noSpace)
    } catch { return .failed }
    return .done
  }

  private func write(
    to writer: inout SnapshotWriter, _ isCancelled: () -> Bool, _ progress: (Int, Int) -> Void
  ) throws(SnapshotError) {
    var failure: SnapshotError?
    var written = 0
    let tenth = max(1, (index.count + 9) / 10)
    index.forEach(from: Key([])) { key, entry in
      do throws(SnapshotError) {
        guard !isCancelled() else { throw .cancelled }
        try writer.append(key, entry)
        written += 1
        if written.isMultiple(of: tenth) || written == index.count {
          progress(written, index.count)
        }
      } catch { failure = error }
      return failure == nil
    }
    if let failure { throw failure }
    try writer.finish()
  }
}

extension Disk {
  /// Destroys and removes every file that the snapshot of this number, which is durable, has taken
  /// the place of, also what was never finished.
  func removeFiles(replacedBy number: UInt64) throws(SystemError) {
    var isChanged = false
    for name in try names() {
      let suffix = [Format.tornSuffix, Format.temporarySuffix].first(where: name.hasSuffix) ?? ""
      guard
        let file = FileName(String(name.dropLast(suffix.count))), file.number < number
      else { continue }
      // What was torn off has no header, and none of a key but that of its segment.
      if suffix != Format.tornSuffix { try destroyDataKey(of: name) }
      try remove(name)
      isChanged = true
    }
    if isChanged { try synchronizeNames() }
  }

  /// Destroys what a file holds that is about to lose its name.
  ///
  /// What is not as private as ours are is somebody else's, and left as it is.
  func destroyDataKey(of name: String) throws(SystemError) {
    let file: any DiskFile
    do throws(StoreError) { file = try open(name) } catch .disk(_, let error) {
      guard error.isSymbolicLink || error.isAccessDenied else { throw error }
      return
    } catch { return }
    try file.destroyDataKey()
  }
}

extension DiskFile {
  /// Overwrites the header and with it the data key, without which no record can ever be read again:
  /// a name that is removed leaves everything where it was until the space is used anew.
  func destroyDataKey() throws(SystemError) {
    guard try size() >= Format.headerLength else { return }
    do throws(SystemError) {
      try writeAll([UInt8](repeating: 0, count: Format.headerLength).span, at: 0)
      try synchronize()
    } catch  where error.isOutOfSpace {
      // A file system that never overwrites: there is nothing that could be destroyed.
    }
  }
}

extension StoreError {
  fileprivate init(_ error: SnapshotError, _ file: String) {
    switch error {
    case .disk(let cause) where cause.isOutOfSpace: self = .noSpace
    case .disk(let cause): self = .disk(path: file, cause)
    case .crypto(let cause): self = .crypto(cause)
    case .cancelled: self = .closed
    }
  }
}
