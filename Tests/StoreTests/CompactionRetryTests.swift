import Linux
import Store
import Synchronization
import Testing

/// A disk in memory on which no snapshot can be begun for as long as it is told so.
final class SnapshotlessDisk: Disk {
  let memory = MemoryDisk()
  private let refusal = Mutex<CInt?>(nil)

  func refuse(with errno: CInt?) { refusal.withLock { $0 = errno } }

  func create(_ name: String) throws(SystemError) -> any DiskFile {
    if name.hasSuffix(".snapshot.tmp"), let errno = refusal.withLock({ $0 }) {
      throw SystemError(errno: errno, call: "openat")
    }
    return try memory.create(name)
  }

  func names() throws(SystemError) -> [String] { try memory.names() }
  func open(_ name: String) throws(StoreError) -> any DiskFile { try memory.open(name) }
  func rename(_ old: String, to new: String) throws(SystemError) {
    try memory.rename(old, to: new)
  }
  func remove(_ name: String) throws(SystemError) { try memory.remove(name) }
  func synchronizeNames() throws(SystemError) { try memory.synchronizeNames() }
}

/// Compactions that nobody asked for and that cannot be made.
struct CompactionRetryTests {
  /// What was reported, in order.
  private final class Reports: Sendable {
    private let all = Mutex<[CompactionReport]>([])
    func add(_ report: CompactionReport) { all.withLock { $0.append(report) } }
    var list: [CompactionReport] { all.withLock { $0 } }
  }

  private static func open(
    _ disk: SnapshotlessDisk, pause: Duration, _ reports: Reports
  ) throws -> Store {
    var configuration = Store.Configuration()
    configuration.segmentLength = 8192
    configuration.compactionLength = 20_000
    configuration.compactionPause = pause
    configuration.onCompaction = { reports.add($0) }
    return try Store.open(on: disk, markOn: disk, keys: masterKeys, configuration: configuration)
  }

  /// Writes until the reports are as they should be, and at most so often.
  private static func write(
    _ store: Store, atMost count: Int = 20_000, until isEnough: () -> Bool
  ) async throws {
    for number in 0..<count where !isEnough() { try await store.put("k\(number % 5)", "\(number)") }
  }

  @Test(arguments: [28, 5] as [CInt])
  func `one that fails is told, tried again and harms nobody`(_ errno: CInt) async throws {
    let (disk, reports) = (SnapshotlessDisk(), Reports())
    disk.refuse(with: errno)
    let store = try Self.open(disk, pause: .zero, reports)
    try await Self.write(store) { reports.list.count >= 3 }
    let failures = reports.list.prefix(3).map { report in
      if case .postponed(_, let failures, .zero) = report { failures } else { 0 }
    }
    #expect(failures == [1, 2, 3])
    disk.refuse(with: nil)
    let isDone = {
      reports.list.contains { if case .done(let before) = $0 { before >= 3 } else { false } }
    }
    try await Self.write(store, until: isDone)
    #expect(isDone())
    store.close()
    #expect(disk.memory.files.keys.contains { $0.hasSuffix(".snapshot") })
    #expect(try Store.open(on: disk).contents == store.contents)
  }

  @Test func `it is not tried again before its time, however much is written`() async throws {
    let (disk, reports) = (SnapshotlessDisk(), Reports())
    disk.refuse(with: 28)
    let store = try Self.open(disk, pause: .seconds(3600), reports)
    try await Self.write(store) { !reports.list.isEmpty }
    // Another would be due many times over.
    try await Self.write(store, atMost: 200) { false }
    // The pause has its longest.
    #expect(reports.list == [.postponed(.noSpace, failures: 1, pause: .seconds(300))])
    // Who asks for one is not put off.
    await #expect(throws: StoreError.noSpace) { try await store.compact() }
    disk.refuse(with: nil)
    try await store.compact()
    #expect(reports.list.last == .done(failuresBefore: 2))
    store.close()
  }
}
