import Foundation
import Store
import Testing

/// Stores as every version of the format has written them: they are opened for ever.
struct FixtureTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Fixtures")

  /// The files of a fixture, by name.
  private static func files(_ fixture: String) throws -> [String: [UInt8]] {
    let folder = folder.appending(path: fixture)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return try Dictionary(
      uniqueKeysWithValues: names.map { name in
        (name, Array(try Data(contentsOf: folder.appending(path: name))))
      })
  }

  /// What all of them hold: twelve entries, of which one was overwritten and one deleted.
  private static let contents: [String: String] = Dictionary(
    uniqueKeysWithValues: (0..<12).filter { $0 != 3 }.map { number in
      ("profile/\(number)", number == 5 ? "again" : "value \(number)")
    })

  @Test(
    arguments: [
      // Closed, in two segments.
      ("format-1/closed", [1: 0x11], nil),
      // With a snapshot and a segment after it.
      ("format-1/compacted", [1: 0x11], nil),
      // Under two master keys.
      ("format-1/rotated", [1: 0x11, 2: 0x22], nil),
      // Killed while it wrote one batch more than it had promised.
      ("format-1/torn", [1: 0x11], "0000000000000001.log.torn"),
    ] as [(String, [UInt32: UInt8], String?)])
  func `T93: a store of every earlier format opens, to what it held`(
    _ fixture: String, _ keys: [UInt32: UInt8], _ torn: String?
  ) throws {
    let files = try Self.files(fixture)
    let disk = MemoryDisk(files: files)
    for keys in [nil, testKeys(keys)] {
      let found = try Inspection(disk: disk, keys: keys)
      #expect((found.torn != nil) == (torn != nil) && found.lastSequence == 14)
    }
    #expect(disk.files == files)
    let store = try Store.open(on: disk, testKeys(keys))
    #expect(store.contents == Self.contents && store.tornFile == torn)
  }
}
