internal import ArgumentParser
internal import Console
internal import Linux
internal import Store

/// `linkd store rotate-key`.
struct RotateKeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-key", abstract: "Seal all data under a new master key.",
    discussion: """
      Adds a key to master.key, writes all data anew under it, and makes sure that no file needs an \
      older one. If linkd is serving, it does the writing, while it goes on serving. When it was \
      interrupted, run it again: it finishes what it began.

      Older keys stay in master.key, because backups need them, unless --remove-old is given. With \
      --master-key-command, make the command print a newer version first.

      EXAMPLES
        linkd store rotate-key --data /var/lib/linkd
      """)

  @OptionGroup var place: DataOption

  @Flag(help: "Remove older keys from master.key. Backups made under them become unreadable.")
  var removeOld = false

  func run() async throws {
    try? ProcessHardening.forbidDumps()
    guard !removeOld || place.directory.keyCommand == nil else {
      throw Failure(
        .usage, "--remove-old is for keys in master.key",
        hint: "remove older versions from where the command gets them")
    }
    let rotation = KeyRotation(directory: place.directory)
    let version = try await rotation.run { progress in
      StandardStreams.writeError("linkd: \(progress)\n")
    }
    if removeOld {
      try Failure.ofStore { () throws(StoreError) in
        _ = try MasterKeys.removeOlderVersions(file: place.directory.keyFile)
      }
    }
    StandardStreams.writeError("linkd: all data are under key version \(version), and no other\n")
  }
}

/// The steps of a rotation, each of which finds out by itself whether it is still to be done.
struct KeyRotation {
  /// How long a serving linkd may take: it writes hundreds of megabytes in seconds.
  private static let patience = Duration.seconds(600)

  /// How long whoever has the store may take to say who he is: he does as soon as he has it, unless he
  /// is in another container.
  private static let patienceForName = Duration.seconds(5)

  /// How often it is told how far a serving linkd is.
  private static let reportInterval = Duration.seconds(1)

  let directory: DataDirectory

  /// Returns the version under which everything is sealed now.
  ///
  /// `report` gets a line for each phase, and for how far the writing is.
  func run(
    _ report: @escaping @Sendable (String) -> Void
  ) async throws(Failure) -> UInt32 {
    let keys = try newestKeys(report)
    let begin = ContinuousClock.now
    let end = begin + Self.patience
    while try await !seal(under: keys, from: begin, by: end, report) {
      guard ContinuousClock.now < end else { throw unfinished }
    }
    return keys.currentVersion
  }

  /// False if a linkd that was to do it has gone without: then it is to be done again.
  private func seal(
    under keys: MasterKeys, from begin: ContinuousClock.Instant, by end: ContinuousClock.Instant,
    _ report: @escaping @Sendable (String) -> Void
  ) async throws(Failure) -> Bool {
    var configuration = Store.Configuration()
    configuration.onProgress = { report("written \($0) of \($1) entries") }
    // A disk that was not mounted must not look like a new store.
    configuration.createIfMissing = false
    let store: Store
    do throws(StoreError) {
      store = try Store.open(directory: directory.store, keys: keys, configuration: configuration)
    } catch .inUse(let process?) {
      return try await wait(for: process, keys.currentVersion, by: end, report)
    } catch .inUse(nil) where ContinuousClock.now < begin + Self.patienceForName {
      try await pause()
      return false
    } catch { throw Failure(error) }
    defer { store.close() }
    report("writing all data anew under key version \(keys.currentVersion)")
    do throws(StoreError) { try await store.compact() } catch { throw Failure(error) }
    guard try isDone(keys.currentVersion) else { throw unfinished }
    return true
  }

  /// Adds a key, unless an earlier rotation has and was not finished.
  private func newestKeys(_ report: (String) -> Void) throws(Failure) -> MasterKeys {
    let keys = try Failure.ofStore { () throws(StoreError) in try directory.keys() }
    let files = try sealedFiles()
    // Without data nothing proves that no key is needed: they may be on a disk that is not mounted.
    guard !files.isEmpty else { throw Failure(StoreError.missing(path: directory.store)) }
    try refuseSetAside(files)
    if files.contains(where: { $0.masterKeyVersion < keys.currentVersion }) {
      report("finishing the rotation to key version \(keys.currentVersion)")
      return keys
    }
    guard directory.keyCommand == nil else {
      throw Failure(
        .configuration, "all data are under key version \(keys.currentVersion) already",
        hint: "add a newer version to what the command prints, and run this again")
    }
    let added = try Failure.ofStore { () throws(StoreError) in
      try MasterKeys.addVersion(file: directory.keyFile)
    }
    report("added key version \(added.currentVersion) to \(directory.keyFile.printable)")
    return added
  }

  /// Asks the linkd that has the store to do it, and looks until it has; false if it has gone.
  private func wait(
    for process: Int, _ version: UInt32, by end: ContinuousClock.Instant,
    _ report: (String) -> Void
  ) async throws(Failure) -> Bool {
    do throws(SystemError) {
      try requestReload(ofProcess: process)
    } catch  where error.isNoSuchProcess {
      try await pause()
      return false
    } catch { throw Failure(.inUse, "cannot tell process \(process) of the new key: \(error)") }
    report("process \(process) is writing all data anew")
    var nextReport = ContinuousClock.now + Self.reportInterval
    while try !isDone(version) {
      guard ContinuousClock.now < end else { throw unfinished }
      if ContinuousClock.now >= nextReport, let length = try unfinishedLength() {
        report("written \(length >> 20) MB so far")
        nextReport = .now + Self.reportInterval
      }
      try await pause()
      guard isRunning(process: process) else { return false }
    }
    return true
  }

  private func pause() async throws(Failure) {
    do { try await Task.sleep(for: .milliseconds(50)) } catch { throw unfinished }
  }

  /// Whether all files are under this version.
  ///
  /// Throws if nothing but what a repair has set aside is not: that is nobody's to write anew.
  private func isDone(_ version: UInt32) throws(Failure) -> Bool {
    let older = try sealedFiles().filter { $0.masterKeyVersion != version }
    if older.allSatisfy(\.isSetAside) { try refuseSetAside(older) }
    return older.isEmpty
  }

  /// How long the snapshot is that is being written, if one is.
  private func unfinishedLength() throws(Failure) -> Int? {
    try sealedFiles().first(where: \.isUnfinished)?.length
  }

  private func sealedFiles() throws(Failure) -> [Inspection.File] {
    try Failure.ofStore { () throws(StoreError) in
      try Inspection.sealedFiles(in: directory.store)
    }
  }

  private func refuseSetAside(_ files: [Inspection.File]) throws(Failure) {
    guard let file = files.first(where: \.isSetAside) else { return }
    throw Failure(
      .configuration, "\(file.name) still needs version \(file.masterKeyVersion): remove it",
      hint: "a repair has set it aside in \(directory.store.printable)")
  }

  private var unfinished: Failure {
    Failure(
      .storage, "files under an older key are left", hint: "run it again; see linkd's log for why")
  }
}
