internal import Linux
internal import Store

/// Where things are in the data directory.
struct DataDirectory: Sendable {
  /// The directory itself, 0700.
  let path: String

  /// What prints the master keys, if they are not in the directory.
  var keyCommand: Command?

  /// The keys that open the store, 0600.
  ///
  /// Whoever has both can read everything.
  var keyFile: String { "\(path)/master.key" }

  /// The store's own directory.
  var store: String { "\(path)/store" }

  /// The master keys as they are now, from the command or the file.
  ///
  /// A command may take its time, for which this blocks the thread.
  func keys() throws(StoreError) -> MasterKeys {
    guard let keyCommand else { return try MasterKeys.load(file: keyFile) }
    return try MasterKeys.load(command: keyCommand)
  }

  /// Opens the store that `linkd init` made.
  ///
  /// `onFailure` is called once, from any thread, when the disk has failed; `onCompaction` whenever
  /// the log was compacted, or could not be; `onKeys` with the keys, before anything is done with them.
  func openStore(
    onKeys: (MasterKeys) -> Void = { _ in },
    onCompaction: @escaping @Sendable (CompactionReport) -> Void = { _ in },
    onFailure: @escaping @Sendable () -> Void
  ) throws(Failure) -> Store {
    var configuration = Store.Configuration()
    // A disk that was not mounted must not look like a new store.
    configuration.createIfMissing = false
    configuration.onFailure = onFailure
    configuration.onCompaction = onCompaction
    do {
      let keys = try self.keys()
      onKeys(keys)
      return try Store.open(directory: store, keys: keys, configuration: configuration)
    } catch {
      throw Failure(error)
    }
  }
}

extension Failure {
  /// Why a store could not be opened, for whoever runs linkd.
  init(_ error: StoreError) {
    let message = "the data directory cannot be used: \(error)"
    switch error {
    case .inUse:
      self.init(.inUse, message, hint: "one linkd at a time: stop the other one first")
    case .missing:
      self.init(.configuration, message, hint: "make it with 'linkd init', or mount its disk")
    case .disk(_, let cause) where cause.isNoSuchFile:
      self.init(.configuration, message, hint: "make it with 'linkd init', or mount its disk")
    case .notEmpty:
      self.init(.configuration, message, hint: "move what is there away, or name a new directory")
    case .damaged, .tampered, .rolledBack:
      self.init(
        .damaged, message,
        hint: "restore a backup; 'linkd store repair --help' tells how to go on without one")
    case .disk, .noSpace, .failed, .outcomeUnknown: self.init(.storage, message)
    default: self.init(.configuration, message)
    }
  }
}
