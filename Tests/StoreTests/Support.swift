import Linux
import OpenSSL
import Store

/// The master key of all stores in these tests.
let masterKeys = testKeys([1: 0x11])

/// Master keys of 32 equal bytes each.
func testKeys(_ bytes: [UInt32: UInt8]) -> MasterKeys {
  let secrets = bytes.mapValues { byte in
    SecretBytes(copying: [UInt8](repeating: byte, count: 32).span)
  }
  guard let keys = try? MasterKeys(secrets) else { preconditionFailure("test keys are refused") }
  return keys
}

/// Numbers that a failing test can be repeated with: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Store {
  /// Opens a store in memory, by default with segments that hold a handful of records.
  static func open(
    on disk: any Disk, _ keys: MasterKeys = masterKeys, segmentLength: Int = 8192
  ) throws(StoreError) -> Store {
    var configuration = Configuration()
    configuration.segmentLength = segmentLength
    return try open(on: disk, markOn: disk, keys: keys, configuration: configuration)
  }

  /// Commits one put.
  @discardableResult
  func put(_ key: Key, _ value: String) async throws(StoreError) -> UInt64 {
    var batch = Batch()
    batch.put(key, Array(value.utf8))
    return try await commit(batch)
  }

  /// Commits one deletion.
  @discardableResult
  func delete(_ key: Key) async throws(StoreError) -> UInt64 {
    var batch = Batch()
    batch.delete(key)
    return try await commit(batch)
  }

  /// All entries as text.
  var contents: [String: String] {
    let all = entries(withPrefix: "", limit: 10_000)
    return Dictionary(
      all.map { (String(decoding: $0.bytes, as: UTF8.self), $1.text) }, uniquingKeysWith: { $1 })
  }
}

extension Entry {
  var text: String { String(decoding: value, as: UTF8.self) }
}
