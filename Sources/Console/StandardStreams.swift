internal import Foundation

/// Standard output and standard error, as programs use them that must not lose a word.
package enum StandardStreams {
  /// Writes to standard output, or says that it cannot.
  package static func writeOutput(_ text: String) throws {
    try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
  }

  /// Writes to standard error, in one piece.
  ///
  /// There is nobody left to tell if this fails.
  package static func writeError(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// The lines of an error for a person: `NAME: error: …` and `NAME: hint: …` for each hint.
  package static func errorLines(program: String, message: String, hints: [String]) -> String {
    (["\(program): error: \(message.printable)"]
      + hints.map { "\(program): hint: \($0.printable)" })
      .map { $0 + "\n" }.joined()
  }
}
