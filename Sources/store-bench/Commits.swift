internal import Store

/// Writers that each commit one entry after another.
struct Commits {
  private let place: Place
  private let writers: Int
  private let time: Duration

  /// Reads `commits DIR WRITERS SECONDS` or `stall DIR SECONDS`.
  init(_ words: [String]) throws {
    // Only `commits` says how many there are.
    let writers = words.count == 4 ? Int(words[2]) : 64
    guard let writers, let seconds = Int(words[words.count - 1]) else { throw Usage() }
    place = Place(directory: words[1])
    self.writers = writers
    time = .seconds(seconds)
  }

  func run() async throws {
    let store = try place.open(create: true)
    try await report(on: store)
    store.close()
  }

  /// The same in a store that `fill` has made, which is compacted all the while.
  func runBesideCompactions() async throws {
    let store = try place.open(create: false)
    let compacting = Task {
      var count = 0
      while !Task.isCancelled {
        try await store.compact()
        count += 1
      }
      return count
    }
    try await report(on: store)
    compacting.cancel()
    print(try await compacting.value)
    store.close()
  }

  private func report(on store: Store) async throws {
    let start = ContinuousClock.now
    let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
      for writer in 0..<writers {
        group.addTask { try await Self.write(writer, on: store, until: start + time) }
      }
      return try await group.reduce(into: []) { $0 += $1 }.sorted()
    }
    let elapsed = (ContinuousClock.now - start).seconds
    func milliseconds(_ share: Double) -> Double {
      let position = min(Int(Double(latencies.count) * share), latencies.count - 1)
      return (latencies[position].seconds * 1e3).rounded(to: 2)
    }
    print(
      Int(Double(latencies.count) / elapsed), milliseconds(0.5), milliseconds(0.99),
      milliseconds(1))
  }

  private static func write(
    _ writer: Int, on store: Store, until end: ContinuousClock.Instant
  ) async throws -> [Duration] {
    var latencies: [Duration] = []
    let value = [UInt8](repeating: UInt8(ascii: "v"), count: Account.valueLength)
    while true {
      let begin = ContinuousClock.now
      guard begin < end else { return latencies }
      var batch = Batch()
      batch.put(Account.key(profile: writer, latencies.count), value)
      _ = try await store.commit(batch)
      latencies.append(ContinuousClock.now - begin)
    }
  }
}
