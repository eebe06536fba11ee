import Store
import Testing

/// Ciphertexts in other places than their own, by somebody who can mend every checksum.
struct EnvelopeTests {
  private typealias Files = [String: [UInt8]]

  /// A snapshot and two segments, as a crash leaves them; all values are of one length.
  private static func files() async throws -> Files {
    let disk = MemoryDisk()
    var store = try Store.open(on: disk)
    for number in 0..<2 { try await store.put("s\(number)", "value") }
    try await store.compact()
    for number in 0..<4 { try await store.put("a\(number)", "value") }
    store.close()
    store = try Store.open(on: disk)
    for number in 0..<4 { try await store.put("b\(number)", "value") }
    let files = disk.files
    store.close()
    return files
  }

  private static func refuses(_ files: Files) -> StoreError? {
    let disk = MemoryDisk(files: files)
    do throws(StoreError) {
      let store = try Store.open(on: disk)
      store.close()
      return nil
    } catch {
      #expect(disk.files == files, "refused, and changed all the same")
      return error
    }
  }

  /// The same file with another record, or part of one, and a checksum that is right.
  private static func mended(
    _ file: [UInt8], _ record: Range<Int>, _ change: (inout [UInt8]) -> Void
  ) -> [UInt8] {
    var bytes = Array(file[record])
    change(&bytes)
    bytes.replaceSubrange((bytes.count - 4)..., with: checksum(bytes.dropLast(4)))
    var file = file
    file.replaceSubrange(record, with: bytes)
    return file
  }

  @Test func `T118: any two ciphertexts swapped are refused, each where it is not at home`()
    async throws
  {
    let files = try await Self.files()
    let records = files.filter { $0.key.hasSuffix(".log") }.flatMap { name, file in
      Layout(file).records.map { (name: name, record: $0) }
    }
    #expect(records.count == 8 && Set(records.map(\.record.count)).count == 1)
    for (place, one) in records.enumerated() {
      for other in records[..<place] {
        var changed = files
        for (target, source) in [(one, other), (other, one)] {
          let sealed = files[source.name, default: []][source.record].dropFirst(32).dropLast(4)
          changed[target.name] = Self.mended(changed[target.name, default: []], target.record) {
            $0.replaceSubrange(32..<32 + sealed.count, with: sealed)
          }
        }
        let error = try #require(Self.refuses(changed), "\(one) and \(other)")
        guard case .tampered(let name, let offset) = error else {
          Issue.record("\(error)")
          continue
        }
        #expect([one, other].contains { $0.name == name && $0.record.lowerBound == offset })
      }
    }
  }

  @Test func `T118: every field that names a record's place is bound to its ciphertext`()
    async throws
  {
    let files = try await Self.files()
    for (name, file) in files where name != "high-water-mark" {
      let record = try #require(Layout(file).records.first)
      // Kind, sequence number, and what was synced.
      for offset in [8, 16, 24] {
        var changed = files
        changed[name] = Self.mended(file, record) { $0[offset] ^= 1 }
        #expect(Self.refuses(changed) != nil, "\(name), record header at \(offset)")
      }
    }
  }

  @Test func `T118: every field of a header is bound to the data key in it`() async throws {
    let files = try await Self.files()
    for (name, file) in files where name != "high-water-mark" {
      // Format, kind, key version, store, segment, time, number, base, its tag, the sealed key.
      for offset in [8, 10, 12, 16, 32, 48, 56, 64, 72, 88, 135] {
        var changed = files
        changed[name] = Self.mended(file, 0..<4096) { $0[offset] ^= 1 }
        #expect(Self.refuses(changed) != nil, "\(name), header at \(offset)")
      }
    }
  }

  @Test
  func `T118: a data key sealed under another master key, or in another header, opens nothing`()
    async throws
  {
    let (files, others) = (try await Self.files(), try await Self.files())
    let names = files.keys.filter { $0.hasSuffix(".log") }.sorted()
    for name in names {
      // Of another file of this store, and of the same file of another store.
      for source in [files[names.first { $0 != name } ?? name], others[name]] {
        let sealed = try #require(source)[88..<136]
        var changed = files
        changed[name] = Self.mended(files[name, default: []], 0..<4096) {
          $0.replaceSubrange(88..<136, with: sealed)
        }
        #expect(Self.refuses(changed) == .wrongMasterKey(version: 1, file: name))
      }
    }
  }
}
