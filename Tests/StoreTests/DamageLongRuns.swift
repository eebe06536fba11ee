import Linux
import Store
import Testing

@Suite(.long)
struct DamageLongRuns {
  @Test func `T79: every flipped bit of a 64 KiB log is detected, or in the last record`()
    async throws
  {
    let whole = try await Specimen.makeLarge()
    var (refused, torn) = (0, 0)
    for place in whole.segment.indices {
      for bit in 0..<8 {
        if whole.expectDetection(ofFlip: bit, at: place) { refused += 1 } else { torn += 1 }
      }
    }
    print("T79: \(refused + torn) bits: \(refused) refused, \(torn) taken for a torn last record")
    #expect(refused + torn == whole.segment.count * 8)
  }

  @Test func `T91: a log of 10 GB is opened and scrubbed in bounded time and memory`() async throws
  {
    let scratch = try Scratch(in: ".build")
    let path = "\(scratch.path)/store"
    var configuration = Store.Configuration()
    configuration.compactionLength = .max
    var store = try Store.open(directory: path, keys: masterKeys, configuration: configuration)
    for round in 0..<3200 {
      var batch = Batch()
      for number in 0..<3 {
        batch.put(Key("\(number)"), [UInt8](repeating: UInt8(round % 256), count: 1 << 20))
      }
      _ = try await store.commit(batch)
    }
    store.close()
    ProcessMemory.resetPeak()
    let begin = ContinuousClock.now
    store = try Store.open(directory: path, keys: masterKeys, configuration: configuration)
    let opened = ContinuousClock.now - begin
    let peak = ProcessMemory.peak
    #expect(store.count == 3 && store.value(for: "1")?.version == 3200)
    store.close()
    #expect(opened <= .seconds(60))
    #expect(peak <= 256 << 20)

    let names = try Directory(path: path).names().filter { $0.hasSuffix(".log") }.sorted()
    let middle = names[names.count / 2]
    let file = try Directory(path: path).open(middle, .write)
    let place = try file.status().size / 2
    var byte = try file.read(1, at: place)
    byte[0] ^= 4
    _ = try file.write(byte.span, at: place)
    let scrub = ContinuousClock.now
    do throws(StoreError) {
      _ = try Inspection(directory: path, keys: nil)
      Issue.record("the flip was not found")
    } catch {
      guard case .damaged(middle, let offset, _) = error, offset <= place else {
        Issue.record("\(error)")
        return
      }
    }
    print(
      "T91: \(names.count) segments opened in \(opened), peak \(peak >> 20) MiB; the flip found in",
      ContinuousClock.now - scrub)
  }
}
