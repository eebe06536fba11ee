internal import Console

/// A failure as it is shown: lines for a person, or one JSON object.
package struct ErrorReport: Encodable, Sendable {
  private struct Body: Encodable {
    var message: String
    var hints: [String]
    var exitStatus: Int32
    var answer: ErrorAnswer?
  }

  private let error: Body

  /// Prepares the report of a failure.
  package init(_ failure: Failure) {
    error = Body(
      message: failure.message, hints: failure.hints, exitStatus: failure.status.rawValue,
      answer: failure.answer)
  }

  /// `linkctl: error: …` and one `linkctl: hint: …` for each hint.
  package var lines: String {
    StandardStreams.errorLines(program: "linkctl", message: error.message, hints: error.hints)
  }

  /// The same for programs: `{"error": …}`.
  package var json: String {
    (try? Output.encode(self)) ?? lines
  }
}
