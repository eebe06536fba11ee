internal import Foundation

/// Reads small files and standard input, never more than a limit.
package enum InputFile {
  /// Far more than keys, a token or a ticket need.
  package static let limit = 65_536

  /// The text of a file, or of standard input for `-`.
  ///
  /// `what` names it in errors.
  package static func read(_ path: String, what: String) throws(Failure) -> String {
    let data = try bytes(path, what: what)
    guard data.count <= limit else {
      throw Failure(.malformedInput, "\(what) is longer than \(limit) bytes")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw Failure(.malformedInput, "\(what) is not UTF-8 text")
    }
    return text
  }

  private static func bytes(_ path: String, what: String) throws(Failure) -> Data {
    do {
      let file =
        path == "-"
        ? FileHandle.standardInput
        : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      return try readUpToLimit(file)
    } catch {
      // The path is the caller's own word, but a secret might have been typed in its place.
      throw Failure(.noInput, "cannot read \(what)", hint: "is there such a file, and readable?")
    }
  }

  private static func readUpToLimit(_ file: FileHandle) throws -> Data {
    var data = Data()
    while data.count <= limit, let part = try file.read(upToCount: limit + 1 - data.count),
      !part.isEmpty
    {
      data += part
    }
    return data
  }
}
