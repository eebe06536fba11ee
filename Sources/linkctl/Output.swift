internal import ArgumentParser
internal import Console
internal import Foundation

/// How results and errors are written.
package enum OutputFormat: String, CaseIterable, Sendable {
  /// For a person.
  case text
  /// For a program.
  case json
}

extension OutputFormat: ExpressibleByArgument {}

/// Writes results to standard output, and what concerns only the person to standard error.
package struct Output: Sendable {
  /// The form of results and errors.
  package let format: OutputFormat

  package init(format: OutputFormat) { self.format = format }

  /// Writes one result.
  func result(_ view: some Encodable, text: @autoclosure () -> String) throws(Failure) {
    switch format {
    case .text: try Self.write(text())
    case .json: try Self.write(Self.encoded(view))
    }
  }

  /// Tells the person at the terminal something that is no result.
  func note(_ text: String) { StandardStreams.writeError(text + "\n") }

  /// Writes a failure.
  func failure(_ failure: Failure) {
    let report = ErrorReport(failure)
    StandardStreams.writeError(format == .json ? report.json : report.lines)
  }

  /// Writes text to standard output.
  static func write(_ text: String) throws(Failure) {
    do {
      try StandardStreams.writeOutput(text)
    } catch {
      throw Failure(.localFault, "cannot write to standard output")
    }
  }

  static func encoded(_ view: some Encodable) throws(Failure) -> String {
    do {
      return try encode(view)
    } catch {
      throw Failure(.serverFault, "the answer cannot be written as JSON")
    }
  }

  static func encode(_ view: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(view), as: UTF8.self) + "\n"
  }
}
