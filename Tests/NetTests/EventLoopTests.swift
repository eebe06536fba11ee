import Linux
import Net
import Synchronization
import Testing

struct EventLoopTests {
  @Test func `timers fire in the order of their times`() async throws {
    let loop = try EventLoop()
    let order = await withCheckedContinuation { continuation in
      loop.execute {
        let seen = Recorder()
        for (name, delay) in [("c", 3), ("a", 1), ("b", 2), ("b2", 2)] {
          loop.schedule(after: .milliseconds(delay)) { seen.names.append(name) }
        }
        let cancelled = loop.schedule(after: .milliseconds(2)) { seen.names.append("cancelled") }
        cancelled.cancel()
        loop.schedule(after: .milliseconds(4)) { continuation.resume(returning: seen.names) }
      }
    }
    #expect(order == ["a", "b", "b2", "c"])
    loop.shutdown()
  }

  @Test func `no timer is early`() async throws {
    let loop = try EventLoop()
    for delay in [0, 1, 1500, 2999].map(Duration.microseconds) {
      let start = MonotonicTime.now()
      await withCheckedContinuation { continuation in
        loop.execute { loop.schedule(after: delay) { continuation.resume() } }
      }
      #expect(start.duration(to: .now()) >= delay)
    }
    loop.shutdown()
  }

  @Test func `a heap of timers stays in order under random cancels`() async throws {
    let loop = try EventLoop()
    var generator = SystemRandomNumberGenerator()
    let seed = generator.next()
    let isOrdered = await withCheckedContinuation { continuation in
      loop.execute {
        var random = SplitMix(seed: seed)
        let seen = Recorder()
        var timers: [EventLoop.Timer] = []
        let start = MonotonicTime.now()
        for _ in 0..<500 {
          let delay = Int(random.next() % 5000)
          timers.append(
            loop.schedule(at: start.advanced(by: .microseconds(delay))) {
              seen.delays.append(delay)
            })
        }
        for timer in timers where random.next() % 3 == 0 { timer.cancel() }
        loop.schedule(after: .milliseconds(6)) {
          continuation.resume(returning: zip(seen.delays, seen.delays.dropFirst()).allSatisfy(<=))
        }
      }
    }
    #expect(isOrdered, "seed \(seed)")
    loop.shutdown()
  }

  @Test func `jobs from other threads run on the loop in their order`() async throws {
    let loop = try EventLoop()
    let seen = Mutex<[Int]>([])
    for number in 0..<1000 {
      loop.execute { seen.withLock { $0.append(loop.inLoop ? number : -1) } }
    }
    await loop.run {}
    #expect(seen.withLock { $0 } == Array(0..<1000))
    loop.shutdown()
  }

  @Test func `a task that prefers the loop runs and resumes on it`() async throws {
    let loop = try EventLoop()
    let stayed = await Task(executorPreference: loop) {
      let before = loop.inLoop
      await Task.yield()
      let child = await Task(executorPreference: loop) { loop.inLoop }.value
      return before && child && loop.inLoop
    }.value
    #expect(stayed)
    loop.shutdown()
  }

  @Test func `an actor on the loop is isolated to its thread`() async throws {
    let loop = try EventLoop()
    let resident = Resident(loop)
    #expect(await resident.isInLoop())
    #expect(await Task(executorPreference: loop) { await resident.isInLoop() }.value)
    loop.shutdown()
  }

  @Test func `shutdown runs what was queued and tells the residents`() async throws {
    let loop = try EventLoop()
    let ended = Mutex<[String]>([])
    await loop.run { loop.add(Farewell { ended.withLock { $0.append("resident") } }) }
    loop.execute { ended.withLock { $0.append("job") } }
    loop.shutdown()
    #expect(ended.withLock { $0 } == ["job", "resident"])
  }

  @Test func `a job that comes after the end still runs, alone`() async throws {
    let loop = try EventLoop()
    loop.shutdown()
    loop.shutdown()
    let total = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<100 {
        group.addTask(executorPreference: loop) {
          await Task.yield()
          return loop.inLoop ? 1 : 0
        }
      }
      return await group.reduce(0, +)
    }
    #expect(total == 100)
  }

  @Test func `an event for a closed registration reaches nobody`() async throws {
    let loop = try EventLoop()
    let first = try EventCounter()
    let second = try EventCounter()
    first.ring()
    second.ring()
    let (a, b) = (first.raw, second.raw)
    // Both are ready in one wait; whichever comes first removes the other.
    let calls = await withCheckedContinuation { continuation in
      loop.execute {
        let seen = Recorder()
        var registrations: [Registration] = []
        for raw in [a, b] {
          let made = try? loop.register(descriptor: raw, for: .readable) { _ in
            seen.names.append("called")
            for registration in registrations { loop.remove(registration) }
            loop.schedule(after: .milliseconds(1)) {
              continuation.resume(returning: seen.names.count)
            }
          }
          if let made { registrations.append(made) }
        }
      }
    }
    #expect(calls == 1)
    loop.shutdown()
    // The descriptors stayed ours, and open, until here.
    #expect(first.raw == a && second.raw == b)
  }

  @Test func `a group hands out its loops in turn`() throws {
    let group = try EventLoopGroup(count: 2)
    #expect(group.next() === group.loops[0])
    #expect(group.next() === group.loops[1])
    #expect(group.next() === group.loops[0])
    group.shutdown()
  }
}

private final class Recorder {
  var names: [String] = []
  var delays: [Int] = []
}

private final class Farewell: LoopResident {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
  func loopIsEnding() { body() }
}

private actor Resident {
  private let loop: EventLoop
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }
  init(_ loop: EventLoop) { self.loop = loop }
  func isInLoop() -> Bool { loop.inLoop }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
