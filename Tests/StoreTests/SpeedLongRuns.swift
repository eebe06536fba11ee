import Linux
import Store
import Synchronization
import Testing

/// How long commits took.
struct CommitTimes: Sendable {
  private(set) var sorted: [Duration] = []
  private(set) var elapsed = Duration.zero

  var perSecond: Double { Double(sorted.count) / (elapsed / .seconds(1)) }

  /// The time that so many of a thousand took at most.
  func perMille(_ share: Int) -> Duration {
    sorted.isEmpty ? .zero : sorted[min(sorted.count - 1, sorted.count * share / 1000)]
  }

  /// Lets `writers` tasks commit one put of 256 bytes after the other for as long as `goesOn` says so.
  static func measure(
    _ store: Store, writers: Int, while goesOn: @escaping @Sendable () -> Bool
  ) async throws -> CommitTimes {
    let begin = ContinuousClock.now
    let value = String(repeating: "v", count: 256)
    let all = try await withThrowingTaskGroup(of: [Duration].self) { group in
      for writer in 0..<writers {
        group.addTask {
          var times: [Duration] = []
          while goesOn() {
            let start = ContinuousClock.now
            try await store.put(Key("writer/\(writer)/\(times.count % 100)"), value)
            times.append(.now - start)
          }
          return times
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    return CommitTimes(sorted: all.sorted(), elapsed: .now - begin)
  }
}

extension CommitTimes: CustomStringConvertible {
  var description: String {
    "\(sorted.count) commits, \(Int(perSecond)) a second; p50 \(perMille(500)), p99 \(perMille(990)), "
      + "p99.9 \(perMille(999))"
  }
}

/// What a store of many entries costs.
struct LargeStore: Sendable {
  /// Bytes of memory for each entry.
  private(set) var memory = 0
  /// Commits beside a compaction.
  private(set) var beside = CommitTimes()
  private(set) var opening = Duration.zero

  /// Fills a store with `count` entries of 340 bytes, compacts it under writers and opens it again.
  static func measure(_ count: Int) async throws -> LargeStore {
    let scratch = try Scratch(in: ".build")
    let path = "\(scratch.path)/store"
    var configuration = Store.Configuration()
    configuration.compactionLength = .max
    var result = LargeStore()
    let before = ProcessMemory.resident
    let store = try Store.open(directory: path, keys: masterKeys, configuration: configuration)
    for first in stride(from: 0, to: count, by: 1000) {
      var batch = Batch()
      for number in first..<min(first + 1000, count) {
        batch.put(Key("account/\(number)"), [UInt8](repeating: UInt8(number % 256), count: 326))
      }
      _ = try await store.commit(batch)
    }
    result.memory = (ProcessMemory.resident - before) / count
    let compaction = Task { try await store.compact() }
    let isDone = Flag()
    async let times = CommitTimes.measure(store, writers: 64) { !isDone.isUp }
    try await compaction.value
    isDone.raise()
    result.beside = try await times
    let entries = store.count
    store.close()
    let begin = ContinuousClock.now
    let again = try Store.open(directory: path, keys: masterKeys, configuration: configuration)
    result.opening = .now - begin
    #expect(again.count == entries && entries >= count)
    again.close()
    return result
  }
}

/// What one task tells others once.
private final class Flag: Sendable {
  private let state = Mutex(false)

  var isUp: Bool { state.withLock { $0 } }
  func raise() { state.withLock { $0 = true } }
}

struct SpeedTests {
  @Test func `what the long runs measure can be measured`() async throws {
    let small = try await LargeStore.measure(2000)
    #expect(small.beside.sorted.count > 0 && small.opening > .zero)
  }
}

// On a disk where a sync costs something, and never two at once.
@Suite(.long, .serialized)
struct SpeedLongRuns {
  @Test func `T94: 64 writers are answered 5,000 times a second, 99 of 100 within 20 ms`()
    async throws
  {
    let scratch = try Scratch(in: ".build")
    let store = try Store.open(directory: "\(scratch.path)/store", keys: masterKeys)
    let end = ContinuousClock.now + .seconds(10)
    let times = try await CommitTimes.measure(store, writers: 64) { .now < end }
    store.close()
    print("T94: \(times)")
    #expect(times.perSecond >= 5000)
    #expect(times.perMille(990) <= .milliseconds(20))
  }

  @Test func `a million entries take 1 KB each and 5 s to open, and a compaction stalls nobody`()
    async throws
  {
    let large = try await LargeStore.measure(1_000_000)
    print("a million entries: \(large.memory) bytes each, opened in \(large.opening)")
    print("beside a compaction of them: \(large.beside)")
    #expect(large.memory <= 1024)
    #expect(large.opening <= .seconds(5))
    #expect(large.beside.perMille(990) <= .milliseconds(50))
  }
}
