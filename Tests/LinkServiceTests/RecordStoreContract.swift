import Foundation
import LinkService
import Store
import Testing

/// What every `RecordStore` must do: a new one is done when it passes this, unchanged.
struct RecordStoreContract {
  /// The stores that are held to it.
  enum Backend: CaseIterable, Sendable {
    case memory, log

    /// A new, empty store, and what is to be done when it is no longer needed.
    func make() throws -> (store: any RecordStore, dispose: () -> Void) {
      switch self {
      case .memory: return (MemoryStore(), {})
      case .log:
        let path = "/tmp/linkd-contract-tests.\(UInt64.random(in: 0 ... .max))"
        var text = Array("linkd-key-v1 1 ERERERERERERERERERERERERERERERERERERERERERE=".utf8)
        let keys = try MasterKeys(cleansing: &text, source: "test")
        let store = try Store.open(directory: path, keys: keys)
        return (
          store,
          {
            store.close()
            try? FileManager.default.removeItem(atPath: path)
          }
        )
      }
    }

    func with(_ body: (any RecordStore) async throws -> Void) async throws {
      let (store, dispose) = try make()
      defer { dispose() }
      try await body(store)
    }
  }

  @Test(arguments: Backend.allCases)
  func `what was committed is read, with the version that commit returned`(
    _ backend: Backend
  ) async throws {
    try await backend.with { store in
      #expect(try await store.entry(for: "a") == nil)
      let first = try await store.put("a", "1")
      #expect(try await store.entry(for: "a") == Entry(value: [49], version: first))
      let second = try await store.put("b", "2")
      let third = try await store.put("a", "")
      #expect(first < second && second < third)
      #expect(try await store.entry(for: "a") == Entry(value: [], version: third))
      #expect(try await store.entry(for: "b")?.version == second)
    }
  }

  @Test(arguments: Backend.allCases)
  func `what it has at hand is what it has`(_ backend: Backend) async throws {
    try await backend.with { store in
      for key in ["a/1", "a/2", "a/3", "b"] as [Key] { try await store.put(key, "x") }
      guard let ready = store.atOnce else { return }
      #expect(ready.readyEntry(for: "c") == nil)
      let entry = try await store.entry(for: "a/2")
      #expect(ready.readyEntry(for: "a/2") == entry)
      let page = try await store.page(under: "a/", after: "a/1", limit: 9)
      let readyPage = ready.readyPage(under: "a/", after: "a/1", limit: 9)
      #expect(readyPage.map(\.key) == page.map(\.key))
      #expect(readyPage.map(\.entry) == page.map(\.entry))
      let number = ready.stateNumber
      #expect(number != 0 && ready.stateNumber == number)
      try await store.put("a/2", "y")
      #expect(ready.stateNumber != number)
    }
  }

  @Test(arguments: Backend.allCases)
  func `a batch happens in its order, and in one version`(_ backend: Backend) async throws {
    try await backend.with { store in
      try await store.put("gone", "x")
      var batch = Batch()
      batch.put("a", [1])
      batch.put("a", [2])
      batch.put("b", [3])
      batch.delete("b")
      batch.delete("gone")
      batch.delete("never there")
      batch.put("c", [4])
      let version = try await store.commit(batch)
      #expect(try await store.all() == ["a": [2], "c": [4]])
      #expect(try await store.entry(for: "a")?.version == version)
      #expect(try await store.entry(for: "c")?.version == version)
    }
  }

  @Test(arguments: Backend.allCases)
  func `a requirement that does not hold lets nothing happen`(_ backend: Backend) async throws {
    try await backend.with { store in
      let version = try await store.put("a", "1")
      for (key, required) in [("a", nil), ("a", version + 1), ("b", version)] as [(Key, UInt64?)] {
        var batch = Batch()
        batch.put("a", [9])
        batch.put("c", [9])
        batch.require(key, version: required)
        await #expect(throws: StoreError.conflict) { try await store.commit(batch) }
      }
      #expect(try await store.all() == ["a": [49]])
      var batch = Batch()
      batch.require("a", version: version)
      batch.require("b", version: nil)
      batch.delete("a")
      #expect(try await store.commit(batch) > version)
      // A key that was deleted is absent, not of its last version.
      var again = Batch()
      again.require("a", version: nil)
      again.put("a", [1])
      _ = try await store.commit(again)
    }
  }

  @Test(arguments: Backend.allCases)
  func `a batch without operations checks, and changes no version`(_ backend: Backend) async throws
  {
    try await backend.with { store in
      let version = try await store.put("a", "1")
      var batch = Batch()
      batch.require("a", version: version)
      #expect(try await store.commit(batch) == version)
      batch.require("b", version: 1)
      await #expect(throws: StoreError.conflict) { try await store.commit(batch) }
      #expect(try await store.put("b", "2") > version)
    }
  }

  @Test(arguments: Backend.allCases)
  func `pages are ordered by bytes and go on after a key`(_ backend: Backend) async throws {
    try await backend.with { store in
      // The last three look alike to Unicode, or are no text at all.
      let keys: [Key] = [
        "p/", "p/a", "p/a/b", "p/b", "p/e\u{301}", "p/\u{e9}", Key(Array("p/".utf8) + [0xFF]),
      ]
      var batch = Batch()
      for key in keys.reversed() { batch.put(key, key.bytes) }
      for other in ["o", "p", "p0", "q"] as [Key] { batch.put(other, []) }
      _ = try await store.commit(batch)
      var seen: [Key] = []
      while true {
        let page = try await store.page(under: "p/", after: seen.last, limit: 2)
        if page.isEmpty { break }
        #expect(page.count <= 2 && page.allSatisfy { $0.entry.value == $0.key.bytes })
        seen += page.map(\.key)
        // What is written behind the place is not seen, and moves nothing.
        try await store.put("p", "between \(seen.count)")
      }
      #expect(seen == keys)
      #expect(try await store.page(under: "p/", after: "p/a/zzz", limit: 1).map(\.key) == ["p/b"])
      #expect(try await store.page(under: "p/", after: "q", limit: 9).isEmpty)
      #expect(try await store.page(under: "x", after: nil, limit: 9).isEmpty)
      #expect(try await store.page(under: "p", after: nil, limit: 0).isEmpty)
    }
  }

  @Test(arguments: Backend.allCases)
  func `pages show what was there all along once, whatever is written meanwhile`(
    _ backend: Backend
  ) async throws {
    try await backend.with { store in
      for number in 10..<30 { try await store.put(Key("p/\(number)"), "v") }
      let there = (10..<30).map { Key("p/\($0)") }
      var seen: [Key] = []
      while true {
        let page = try await store.page(under: "p/", after: seen.last, limit: 3).map(\.key)
        guard let last = page.last else { break }
        seen += page
        // Before the place, right behind it, at the end; and what stood at the place goes.
        var batch = Batch()
        for key in [Key("p/0\(seen.count)"), "p/9", "q"] { batch.put(key, []) }
        if there.contains(last) { batch.put(Key(last.bytes + [0x2D]), []) }
        batch.delete(last)
        _ = try await store.commit(batch)
        if last == "p/9" { break }
      }
      #expect(seen.filter(there.contains) == there)
      #expect(seen == seen.sorted() && Set(seen).count == seen.count)
      // What comes to be behind the place is seen, before it is not.
      #expect(seen.contains("p/12-") && seen.last == "p/9" && !seen.contains { $0 < "p/1" })
    }
  }

  @Test(arguments: Backend.allCases)
  func `of many that require one version exactly one wins`(_ backend: Backend) async throws {
    try await backend.with { store in
      let version = try await store.put("a", "start")
      let winners = await withTaskGroup(of: Bool.self, returning: Int.self) { group in
        for task in 0..<64 {
          group.addTask {
            var batch = Batch()
            batch.require("a", version: version)
            batch.put("a", [UInt8(task)])
            return (try? await store.commit(batch)) != nil
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(winners == 1)
    }
  }

  @Test(arguments: Backend.allCases)
  func `tasks see their own commits at once, and no version twice`(_ backend: Backend) async throws
  {
    try await backend.with { store in
      let versions = try await withThrowingTaskGroup(of: [UInt64].self) { group in
        for task in 0..<16 {
          group.addTask {
            var versions: [UInt64] = []
            for step in 0..<10 {
              let key = Key("\(task)/\(step)")
              versions.append(try await store.put(key, "v"))
              #expect(try await store.entry(for: key)?.version == versions.last)
            }
            return versions
          }
        }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(Set(versions).count == 160)
    }
  }

  @Test(arguments: Backend.allCases)
  func `erasing takes nothing away that is still there`(_ backend: Backend) async throws {
    try await backend.with { store in
      try await store.eraseReplaced()
      let first = try await store.put("a", "1")
      try await store.put("b", "2")
      var batch = Batch()
      batch.delete("b")
      _ = try await store.commit(batch)
      for _ in 0..<2 { try await store.eraseReplaced() }
      #expect(try await store.all() == ["a": [49]])
      #expect(try await store.entry(for: "a")?.version == first)
      #expect(try await store.put("a", "3") > first)
    }
  }

  @Test(arguments: Backend.allCases)
  func `what is too large is refused, what is just not is kept`(_ backend: Backend) async throws {
    try await backend.with { store in
      let (key, value) = (1024, 1 << 20)
      for (keyLength, valueLength) in [(key + 1, 0), (1, value + 1)] {
        var batch = Batch()
        batch.put(
          Key([UInt8](repeating: 1, count: keyLength)), [UInt8](repeating: 1, count: valueLength))
        await #expect(throws: StoreError.tooLarge) { try await store.commit(batch) }
      }
      #expect(try await store.all().isEmpty)
      let largest = Key([UInt8](repeating: 1, count: key))
      var batch = Batch()
      batch.put(largest, [UInt8](repeating: 1, count: value))
      _ = try await store.commit(batch)
      #expect(try await store.entry(for: largest)?.value.count == value)
    }
  }
}

extension RecordStore {
  @discardableResult
  fileprivate func put(_ key: Key, _ text: String) async throws(StoreError) -> UInt64 {
    var batch = Batch()
    batch.put(key, Array(text.utf8))
    return try await commit(batch)
  }

  fileprivate func all() async throws(StoreError) -> [Key: [UInt8]] {
    let found = try await page(under: Key([]), after: nil, limit: 1000)
    return Dictionary(found.map { ($0.key, $0.entry.value) }, uniquingKeysWith: { $1 })
  }
}
