import Foundation
import Store
import Testing

extension Trait where Self == ConditionTrait {
  /// Only by `tools/test --long`.
  static var long: Self {
    .enabled(if: ProcessInfo.processInfo.environment["LINKD_LONG"] != nil, "tools/test --long")
  }
}

/// Power that goes at every operation of random histories.
struct CrashSimulationTests {
  /// Crashes histories of ascending seeds, from `first` in these steps, until so many states were
  /// made.
  static func crash(
    _ count: Int, from first: UInt64 = 0, by step: UInt64 = 1,
    omitting omission: MemoryDisk.Omission? = nil
  ) -> (states: Int, seeds: Int, problems: [String]) {
    var (states, seeds, problems, seed) = (0, 0, [String](), first)
    while states < count && problems.isEmpty {
      var simulation = CrashSimulation(seed: seed, omitting: omission)
      let result = simulation.crash(ways: 3)
      states += result.states
      problems += result.problems
      (seed, seeds) = (seed + step, seeds + 1)
    }
    return (states, seeds, problems)
  }

  /// The same on several processors.
  static func crashInParallel(
    _ count: Int
  ) async -> (states: Int, seeds: Int, problems: [String]) {
    await withTaskGroup { group in
      for worker in 0..<4 as Range<UInt64> {
        group.addTask { crash(count / 4, from: worker, by: 4) }
      }
      return await group.reduce(into: (0, 0, [])) {
        $0 = ($0.states + $1.states, $0.seeds + $1.seeds, $0.problems + $1.problems)
      }
    }
  }

  @Test func `T74: in 20,000 power losses everything acknowledged is there, and a prefix`() async {
    let (states, _, problems) = await Self.crashInParallel(20_000)
    #expect(states >= 20_000)
    #expect(problems == [])
  }

  // The discipline is broken on purpose, one sync at a time, and that must be seen.
  @Test(
    arguments: [
      .names(after: ".log"), .names(after: ".snapshot"), .content(of: ".log"),
      .content(of: ".snapshot.tmp"),
    ] as [MemoryDisk.Omission])
  func `T85, T86: without one of the syncs the simulation finds a loss`(
    _ omission: MemoryDisk.Omission
  ) {
    #expect(Self.crash(20_000, omitting: omission).problems != [])
  }
}

@Suite(.long)
struct CrashSimulationLongRuns {
  @Test func `T74: 200,000 crash states lose nothing`() async {
    let (states, seeds, problems) = await CrashSimulationTests.crashInParallel(200_000)
    print("T74: \(states) crash states of \(seeds) seeds, \(problems.count) problems")
    #expect(states >= 200_000)
    #expect(problems == [])
  }

  @Test(
    arguments: [
      .names(after: ""), .names(after: ".log"), .names(after: ".snapshot"),
      .names(after: "high-water-mark"), .content(of: ".log"), .content(of: ".log.tmp"),
      .content(of: ".snapshot.tmp"), .content(of: "high-water-mark.tmp"),
    ] as [MemoryDisk.Omission])
  func `T85, T86: every sync is needed`(_ omission: MemoryDisk.Omission) {
    let (states, seeds, problems) = CrashSimulationTests.crash(100_000, omitting: omission)
    print(
      "T85, T86: without \(omission): found after \(states) states of \(seeds) seeds:",
      problems.first ?? "no")
    #expect(problems != [])
  }
}
