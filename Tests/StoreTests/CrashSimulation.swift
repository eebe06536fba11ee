import Store

/// A random history of a store on a `MemoryDisk`, with the disk as it was before every operation: the
/// moments at which the power may go.
///
/// Everything follows from the seed.
struct CrashSimulation {
  /// What every state of the disk must be opened to.
  private struct Moment {
    let disk: MemoryDisk.State
    /// The last batch that had been acknowledged, or shown by a recovery.
    let acknowledged: Int
  }

  private let seed: UInt64
  private let omission: MemoryDisk.Omission?
  private var random: SeededGenerator
  /// The entries after so many batches.
  private var states: [[Key: Entry]]
  private var moments: [Moment] = []

  /// Runs a workload to its end, on a disk that leaves out a sync if one is given.
  init(seed: UInt64, omitting omission: MemoryDisk.Omission? = nil) {
    self.seed = seed
    self.omission = omission
    random = SeededGenerator(seed: seed)
    states = [[:]]
    run(on: MemoryDisk(), sessions: 2)
  }

  /// Lets the power go at every operation, in several ways, and goes on from one of them, to let it
  /// go again.
  ///
  /// Returns how many states that made, and what was wrong with any.
  mutating func crash(ways: Int) -> (states: Int, problems: [String]) {
    var (count, problems) = crashEverywhere(ways: ways)
    guard let moment = moments.randomElement(using: &random), problems.isEmpty else {
      return (count, problems)
    }
    let disk = moment.disk.afterPowerLoss(&random)
    guard let recovered = Self.lastBatch(on: MemoryDisk(files: disk.files)) else {
      return (count, problems + ["seed \(seed): the power loss before the second one"])
    }
    states.removeSubrange((recovered + 1)...)
    moments = []
    run(on: disk, sessions: 1, recovering: moment.acknowledged)
    let second = crashEverywhere(ways: 1)
    count += second.states
    return (count, problems + second.problems.map { "after another crash, \($0)" })
  }

  private mutating func crashEverywhere(ways: Int) -> (states: Int, problems: [String]) {
    var problems: [String] = []
    for (place, moment) in moments.enumerated() {
      for way in 0...ways {
        // Once only the process dies, and everything is as it was written.
        let disk =
          way == 0
          ? MemoryDisk(files: moment.disk.visibleFiles) : moment.disk.afterPowerLoss(&random)
        if let problem = problem(with: disk, moment.acknowledged) {
          problems.append("seed \(seed), operation \(place), way \(way): \(problem)")
        }
      }
    }
    return (moments.count * (ways + 1), problems)
  }

  // The workload.

  /// Sessions of groups of batches and compactions, some of which end without closing.
  private mutating func run(on disk: MemoryDisk, sessions: Int, recovering promised: Int = 0) {
    disk.leaveOut(omission)
    disk.record()
    var acknowledgements = [(operations: disk.operations, batches: promised)]
    for _ in 0..<sessions {
      guard
        var log = try? Log.open(on: disk, markOn: disk, keys: masterKeys, segmentLength: 8192)
      else { break }
      // What a recovery shows it has made certain.
      acknowledgements.append((disk.operations, states.count - 1))
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        step(&log, disk, &acknowledgements)
      }
      if Bool.random(using: &random) { log.close() }
    }
    let first = disk.operations - disk.recorded.count
    for (place, state) in disk.recorded.enumerated() {
      let before = acknowledgements.last { $0.operations <= first + place }
      moments.append(Moment(disk: state, acknowledged: before?.batches ?? 0))
    }
  }

  private mutating func step(
    _ log: inout Log, _ disk: MemoryDisk,
    _ acknowledgements: inout [(operations: Int, batches: Int)]
  ) {
    let compaction =
      Int.random(in: 0..<3, using: &random) == 0 ? try? log.beginCompaction() : nil
    // Some are written between the moment that the snapshot shows and its writing.
    if compaction == nil || Bool.random(using: &random) {
      let batches = (0..<Int.random(in: 1...3, using: &random)).map { _ in randomBatch() }
      let outcomes = log.commit(batches)
      if outcomes.allSatisfy({ (try? $0.get()) != nil }) {
        acknowledgements.append((disk.operations, states.count - 1))
      }
    }
    if let compaction { log.endedCompaction(compaction.run()) }
  }

  private mutating func randomBatch() -> Batch {
    var batch = Batch()
    var state = states.last ?? [:]
    let version = UInt64(states.count)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let key = Key("k\(Int.random(in: 0..<12, using: &random))")
      if Int.random(in: 0..<4, using: &random) == 0 {
        batch.delete(key)
        state[key] = nil
      } else {
        let length = Int.random(in: 0...700, using: &random)
        let value = [UInt8](repeating: UInt8.random(in: 1...255, using: &random), count: length)
        batch.put(key, value)
        state[key] = Entry(value: value, version: version)
      }
    }
    states.append(state)
    return batch
  }

  // The oracle.

  /// What is wrong with what a disk is opened to, if anything: it must be the state after some batch,
  /// not before the last acknowledged one, and opening it again must make the same.
  private func problem(with disk: MemoryDisk, _ acknowledged: Int) -> String? {
    do throws(StoreError) {
      let store = try Store.open(on: disk)
      let found = store.entryDictionary
      store.close()
      guard number(of: found, from: acknowledged) != nil else {
        return "is not the state after batch \(acknowledged) or a later one"
      }
      let again = try Store.open(on: disk)
      defer { again.close() }
      guard again.entryDictionary == found, again.tornFile == nil else {
        return "a second recovery differs from the first"
      }
      return nil
    } catch { return "\(error)" }
  }

  private func number(of entries: [Key: Entry], from first: Int) -> Int? {
    states.indices.dropFirst(first).first { states[$0] == entries }
  }

  /// How many batches a recovery finds: entries alone do not tell, for what was put may be gone again.
  private static func lastBatch(on disk: MemoryDisk) -> Int? {
    var log = try? Log.open(on: disk, markOn: disk, keys: masterKeys, segmentLength: 8192)
    guard case .success(let sequence)? = log?.commit([Batch()]).first else { return nil }
    return Int(sequence)
  }
}

extension Store {
  fileprivate var entryDictionary: [Key: Entry] {
    Dictionary(
      entries(withPrefix: "", limit: 10_000).map { ($0.key, $0.entry) }, uniquingKeysWith: { $1 })
  }
}
