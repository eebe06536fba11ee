import Glibc
import Linux
import Store
import Synchronization

/// A disk in memory that knows what has been synced and what has not, and fails when told to.
///
/// What power loss leaves of it is decided by `afterPowerLoss`.
final class MemoryDisk: Disk {
  /// What to do with the operations from a certain one on.
  enum Fault: Sendable {
    case none
    /// Operation `number` and, if `forever`, all after it do nothing and throw.
    case fail(number: Int, errno: CInt, forever: Bool)
    /// These operations do nothing and throw.
    case failSome(Range<Int>, errno: CInt)

    /// What operation `number` throws, if it does.
    func errno(at number: Int) -> CInt? {
      switch self {
      case .fail(let first, let errno, let forever):
        number == first || (forever && number > first) ? errno : nil
      case .failSome(let numbers, let errno): numbers.contains(number) ? errno : nil
      case .none: nil
      }
    }
  }

  /// A sync that is taken out, as if the store's code had none there: what came to be known only in
  /// this way must then be lost somewhere.
  enum Omission: Hashable, Sendable {
    /// The sync of the directory after something was renamed to a name that ends so.
    case names(after: String)
    /// The sync of a file whose name ends so.
    case content(of: String)
  }

  struct Content {
    var written: [UInt8] = []
    var synced: [UInt8] = []
  }

  struct State {
    var files: [Int: Content] = [:]
    var names: [String: Int] = [:]
    /// The names as of every directory operation since they were last synced; the first entry is
    /// what is on the disk for certain.
    var history: [[String: Int]] = [[:]]
    var nextFile = 0
    var operations = 0
    var syncs = 0
    var fault = Fault.none
    var omission: Omission?
    var lastRenamed = ""
    /// Files as they were before their headers were overwritten.
    var destroyed: [[UInt8]] = []

    /// All files as a process sees them.
    var visibleFiles: [String: [UInt8]] { names.compactMapValues { files[$0]?.written } }

    /// Whether this sync is the one that is left out.
    func omits(_ sync: Omission) -> Bool {
      switch (omission, sync) {
      case (.names(let suffix), .names(let name)), (.content(let suffix), .content(let name)):
        name.hasSuffix(suffix)
      default: false
      }
    }

    /// A disk on which this is how things stand.
    func afterPowerLoss(_ random: inout some RandomNumberGenerator) -> MemoryDisk {
      var files: [String: [UInt8]] = [:]
      for (name, file) in namesAfterPowerLoss(&random).sorted(by: { $0.key < $1.key }) {
        if let content = self.files[file] { files[name] = content.afterPowerLoss(&random) }
      }
      return MemoryDisk(files: files)
    }

    /// As a journal has them, in the order of their changes up to some point, or each for itself, as
    /// nothing but a sync of the directory forbids.
    private func namesAfterPowerLoss(
      _ random: inout some RandomNumberGenerator
    ) -> [String: Int] {
      if Bool.random(using: &random) { return history.randomElement(using: &random) ?? [:] }
      var names: [String: Int] = [:]
      for name in Set(history.flatMap(\.keys)).sorted() {
        names[name] = (history.randomElement(using: &random) ?? [:])[name]
      }
      return names
    }
  }

  let state = Mutex(State())
  /// The disk before each operation, if they are wanted.
  private let moments = Mutex<[State]?>(nil)

  init() {}

  /// A disk with these files, all synced.
  init(files: [String: [UInt8]]) {
    state.withLock { state in
      for (name, bytes) in files {
        state.files[state.nextFile] = Content(written: bytes, synced: bytes)
        state.names[name] = state.nextFile
        state.nextFile += 1
      }
      state.history = [state.names]
    }
  }

  /// How many operations that a fault could hit have been asked for.
  var operations: Int { state.withLock { $0.operations } }

  /// How many files and directories have been synced.
  var syncs: Int { state.withLock { $0.syncs } }

  func set(_ fault: Fault) { state.withLock { $0.fault = fault } }

  /// All files as a process would see them that was started now.
  var files: [String: [UInt8]] {
    state.withLock { $0.visibleFiles }
  }

  /// The disk after the power went out: of what was not synced each sector, and each change of a
  /// name after some point, is kept or lost as `random` has it.
  func afterPowerLoss(_ random: inout some RandomNumberGenerator) -> MemoryDisk {
    state.withLock { $0 }.afterPowerLoss(&random)
  }

  /// From now on leaves out a sync.
  func leaveOut(_ omission: Omission?) { state.withLock { $0.omission = omission } }

  /// Keeps the state before every operation from now on.
  func record() { moments.withLock { $0 = [] } }

  /// The disk as it was before each operation since `record`, of which there is one at least.
  var recorded: [State] { moments.withLock { $0 ?? [] } }

  /// Counts an operation and decides its fate.
  func attempt<Result>(
    _ call: StaticString, _ body: (inout State) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    try state.withLock { state throws(SystemError) in
      state.operations += 1
      moments.withLock { $0?.append(state) }
      if let errno = state.fault.errno(at: state.operations) {
        throw SystemError(errno: errno, call: call)
      }
      return try body(&state)
    }
  }

  func names() throws(SystemError) -> [String] {
    try attempt("readdir") { state in
      // In no order that anybody could rely on, but always in the same one.
      var random = SeededGenerator(seed: UInt64(state.operations))
      return state.names.keys.sorted().shuffled(using: &random)
    }
  }

  func open(_ name: String) throws(StoreError) -> any DiskFile {
    do throws(SystemError) {
      return try attempt("openat") { state throws(SystemError) in
        guard let file = state.names[name] else { throw SystemError(errno: 2, call: "openat") }
        return MemoryFile(disk: self, id: file)
      }
    } catch { throw .disk(path: name, error) }
  }

  func create(_ name: String) throws(SystemError) -> any DiskFile {
    try attempt("openat") { state throws(SystemError) in
      guard state.names[name] == nil else { throw SystemError(errno: 17, call: "openat") }
      let id = state.nextFile
      state.nextFile += 1
      state.files[id] = Content()
      state.names[name] = id
      state.history.append(state.names)
      return MemoryFile(disk: self, id: id)
    }
  }

  func rename(_ old: String, to new: String) throws(SystemError) {
    try attempt("renameat") { state throws(SystemError) in
      guard let file = state.names.removeValue(forKey: old) else {
        throw SystemError(errno: 2, call: "renameat")
      }
      state.names[new] = file
      state.lastRenamed = new
      state.history.append(state.names)
    }
  }

  func remove(_ name: String) throws(SystemError) {
    try attempt("unlinkat") { state in
      state.names[name] = nil
      state.history.append(state.names)
    }
  }

  func synchronizeNames() throws(SystemError) {
    try attempt("fsync") { state in
      state.syncs += 1
      if !state.omits(.names(after: state.lastRenamed)) { state.history = [state.names] }
    }
  }
}

extension MemoryDisk.Content {
  // With pointers: without optimisation everything else takes a hundred times as long, and this is
  // where a simulation spends its time.
  fileprivate func afterPowerLoss(_ random: inout some RandomNumberGenerator) -> [UInt8] {
    // A length that was not synced is kept or lost like everything else.
    let length = Bool.random(using: &random) ? written.count : synced.count
    var left = Self.resized(synced, length)
    let new = Self.resized(written, length)
    unsafe left.withUnsafeMutableBytes { left in
      unsafe new.withUnsafeBytes { new in
        for start in stride(from: 0, to: length, by: 512) {
          let sector = start..<min(start + 512, length)
          let left = unsafe UnsafeMutableRawBufferPointer(rebasing: left[sector])
          unsafe Self.lose(left, UnsafeRawBufferPointer(rebasing: new[sector]), &random)
        }
      }
    }
    return left
  }

  /// Keeps a sector as it was on the disk, or as it was written, or loses it.
  private static func lose(
    _ left: UnsafeMutableRawBufferPointer, _ new: UnsafeRawBufferPointer,
    _ random: inout some RandomNumberGenerator
  ) {
    guard let old = left.baseAddress, let written = new.baseAddress else { return }
    // The same in both: there is nothing to lose.
    guard unsafe memcmp(old, written, left.count) != 0 else { return }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: unsafe memset(old, 0, left.count)
    case 1...4: unsafe memcpy(old, written, left.count)
    default: break
    }
  }

  private static func resized(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
    bytes.count >= length
      ? Array(bytes.prefix(length)) : bytes + [UInt8](repeating: 0, count: length - bytes.count)
  }
}

/// An open file of a `MemoryDisk`.
private final class MemoryFile: DiskFile {
  private let disk: MemoryDisk
  private let id: Int

  init(disk: MemoryDisk, id: Int) {
    self.disk = disk
    self.id = id
  }

  func size() throws(SystemError) -> Int {
    try disk.attempt("fstat") { state in state.files[id, default: .init()].written.count }
  }

  func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    try disk.attempt("pread") { state in
      Array(state.files[id, default: .init()].written.dropFirst(offset).prefix(count))
    }
  }

  /// Takes at most 700 bytes at a time, as a system may.
  func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) -> Int {
    let count = min(bytes.count, 700)
    var part: [UInt8] = []
    part.append(contentsOf: bytes.extracting(..<count))
    return try disk.attempt("pwrite") { state in
      var content = state.files[id, default: .init()].written
      if content.count < offset + count {
        content += [UInt8](repeating: 0, count: offset + count - content.count)
      }
      if offset == 0, content.starts(with: "linkdlog".utf8) { state.destroyed.append(content) }
      content.replaceSubrange(offset..<offset + count, with: part)
      state.files[id, default: .init()].written = content
      return count
    }
  }

  func allocate(_ count: Int) throws(SystemError) {
    try disk.attempt("fallocate") { state in
      let missing = max(0, count - state.files[id, default: .init()].written.count)
      state.files[id, default: .init()].written += [UInt8](repeating: 0, count: missing)
    }
  }

  func truncate(to count: Int) throws(SystemError) {
    try disk.attempt("ftruncate") { state in
      let rest = state.files[id, default: .init()].written.prefix(count)
      state.files[id, default: .init()].written = Array(rest)
    }
  }

  func synchronize() throws(SystemError) {
    try disk.attempt("fdatasync") { state in
      state.syncs += 1
      let name = state.names.first { $0.value == id }?.key ?? ""
      guard !state.omits(.content(of: name)) else { return }
      state.files[id, default: .init()].synced = state.files[id, default: .init()].written
    }
  }
}
