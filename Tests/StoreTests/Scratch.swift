import Glibc
import Linux
import Store
import Testing

/// A directory of its own for one test, gone with the value.
final class Scratch: Sendable {
  let path: String

  init(in directory: String = "/tmp") throws {
    path = "\(directory)/linkd-store-tests.\(UInt64.random(in: 0 ... .max))"
    try Directory.createIfMissing(path: path)
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    if let directory = try? Directory(path: path), let names = try? directory.names() {
      for name in names {
        remove("\(path)/\(name)")
        try? directory.remove(name)
      }
    }
    _ = unsafe rmdir(path)
  }

  /// Writes a file with this mode.
  func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws {
    try write(name, Array(text.utf8))
    #expect(unsafe chmod("\(path)/\(name)", mode) == 0)
  }

  /// Writes a private file.
  func write(_ name: String, _ bytes: [UInt8]) throws {
    _ = try Directory(path: path).open(name, .create).write(bytes.span, at: 0)
  }

  /// All bytes of a file.
  func read(_ name: String) throws -> [UInt8] {
    let file = try Directory(path: path).open(name, .read)
    return try file.read(file.status().size, at: 0)
  }

  var names: [String] { get throws { try Directory(path: path).names().sorted() } }
}
