import Store
import Testing

/// The store against a dictionary that is sorted when asked.
struct ModelTests {
  @Test(arguments: 0..<4 as Range<UInt64>)
  func `a random history leaves what it leaves in a dictionary`(_ seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let disk = MemoryDisk()
    var store = try Store.open(on: disk, segmentLength: 1 << 16)
    var model: [Key: Entry] = [:]
    // First mostly growing, then mostly shrinking to nothing: nodes split, empty and go.
    for round in 0..<12 {
      var batch = Batch()
      var puts: [Key: [UInt8]?] = [:]
      for _ in 0..<300 {
        let key = Key(
          (0..<Int.random(in: 1...3, using: &random)).map { _ in
            UInt8.random(in: 0..<10, using: &random)
          })
        if Int.random(in: 0..<12, using: &random) > round {
          let value = [UInt8.random(in: 0...255, using: &random)]
          batch.put(key, value)
          puts[key] = value
        } else {
          batch.delete(key)
          puts[key] = .some(nil)
        }
      }
      if round == 11 {
        for key in model.keys where Bool.random(using: &random) {
          batch.delete(key)
          puts[key] = .some(nil)
        }
      }
      let version = try await store.commit(batch)
      for (key, value) in puts { model[key] = value.map { Entry(value: $0, version: version) } }
      if round.isMultiple(of: 3) { try await store.compact() }
      if round.isMultiple(of: 5) {
        store.close()
        store = try Store.open(on: disk, segmentLength: 1 << 16)
      }
      expectEqual(store, model, &random, "seed \(seed), round \(round)")
    }
    var rest = Batch()
    for key in model.keys { rest.delete(key) }
    _ = try await store.commit(rest)
    #expect(store.count == 0 && store.entries(withPrefix: "", limit: 10).isEmpty)
  }

  private func expectEqual(
    _ store: Store, _ model: [Key: Entry], _ random: inout SeededGenerator, _ context: String
  ) {
    let sorted = model.sorted { $0.key < $1.key }
    let found = store.entries(withPrefix: "", limit: 10_000)
    #expect(found.map(\.0) == sorted.map(\.key), "\(context)")
    #expect(found.map(\.1) == sorted.map(\.value), "\(context)")
    #expect(store.count == model.count, "\(context)")
    for _ in 0..<20 {
      let prefix = Key([UInt8.random(in: 0..<10, using: &random)])
      let after = sorted.randomElement(using: &random)?.key
      let expected = sorted.map(\.key).filter { key in
        key.hasPrefix(prefix) && after.map { $0 < key } ?? true
      }
      let page = store.entries(withPrefix: prefix, after: after, limit: 5)
      #expect(page.map(\.0) == Array(expected.prefix(5)), "\(context)")
      if let after { #expect(store.value(for: after) == model[after], "\(context)") }
    }
  }

  @Test(
    arguments: [
      ("", "a", true), ("a", "b", true), ("a", "aa", true), ("aa", "b", true), ("a", "a", false),
      // Canonically equivalent text, different bytes.
      ("e\u{301}", "\u{e9}", true), ("\u{e9}", "e\u{301}", false),
    ] as [(Key, Key, Bool)])
  func `keys are ordered by their bytes`(_ left: Key, _ right: Key, _ isLess: Bool) {
    #expect((left < right) == isLess)
  }
}
