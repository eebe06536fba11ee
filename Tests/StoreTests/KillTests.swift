import Glibc
import Linux
import Store
import Testing

/// A process that writes and is killed; what it was told, and wrote down, must be there.
struct KillTests {
  @Test func `T73: 50 times kill -9 under 64 writers loses nothing that was acknowledged`()
    async throws
  {
    for _ in 0..<50 { try await Self.kill(after: .milliseconds(.random(in: 1...60))) }
  }

  /// Lets a child write for so long from its first acknowledgement on, and looks at what it leaves.
  ///
  /// Returns how many batches were acknowledged.
  @discardableResult
  static func kill(after time: Duration) async throws -> Int {
    // Not where a sync may cost nothing.
    let scratch = try Scratch(in: ".build")
    let path = scratch.path
    let microseconds = Int(time / .microseconds(1))
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, microseconds = microseconds as Int] in
      try await writeUntilKilled(path, after: microseconds)
    }
    let acknowledged = String(decoding: try scratch.read("acknowledged"), as: UTF8.self)
      .split(separator: "\n").filter { $0.hasSuffix(".") }
    let store = try Store.open(directory: "\(path)/store", keys: masterKeys)
    for line in acknowledged {
      let fields = line.dropLast().split(separator: " ")
      for part in 0..<3 {
        #expect(
          store.value(for: Key("\(fields[0])/\(part)"))?.version == UInt64(fields[1]),
          "after \(time): \(line)")
      }
    }
    var found: [(Key, Entry)] = []
    while true {
      let page = store.entries(withPrefix: "", after: found.last?.0, limit: 10_000)
      if page.isEmpty { break }
      found += page
    }
    let versions = found.map(\.1.version).sorted()
    // None is missing, and of none a part: every batch has three entries.
    #expect(versions == (0..<versions.count).map { UInt64($0 / 3 + 1) } && versions.count % 3 == 0)
    return acknowledged.count
  }
}

@Suite(.long)
struct KillLongRuns {
  @Test func `T73: 500 kills lose nothing`() async throws {
    var acknowledged = 0
    for _ in 0..<500 {
      acknowledged += try await KillTests.kill(after: .milliseconds(.random(in: 1...500)))
    }
    print("T73: 500 kills, \(acknowledged) acknowledged batches, all there")
  }
}

/// Writes with 64 tasks, each noting what was acknowledged, until a thread kills the process.
private func writeUntilKilled(_ path: String, after microseconds: Int) async throws {
  var configuration = Store.Configuration()
  configuration.segmentLength = 65_536
  let store = try Store.open(
    directory: "\(path)/store", keys: masterKeys, configuration: configuration)
  let notes = unsafe open("\(path)/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
  let first = Bell()
  let killer = try Thread(name: "killer") {
    first.semaphore.wait()
    usleep(UInt32(microseconds))
    Glibc.kill(getpid(), SIGKILL)
  }
  await withTaskGroup(of: Void.self) { group in
    for task in 0..<64 {
      group.addTask {
        var step = 0
        while let version = try? await store.commit(.ofThree("\(task)/\(step)")) {
          let line = Array("\(task)/\(step) \(version).\n".utf8)
          _ = unsafe write(notes, line, line.count)
          first.semaphore.signal()
          step += 1
        }
      }
    }
  }
  killer.join()
}

extension Batch {
  /// Puts three keys.
  fileprivate static func ofThree(_ name: String) -> Batch {
    var batch = Batch()
    for part in 0..<3 { batch.put(Key("\(name)/\(part)"), Array("value".utf8)) }
    return batch
  }
}

private final class Bell: Sendable {
  let semaphore = Semaphore()
}
