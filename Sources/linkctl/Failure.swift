/// Why linkctl stops: what went wrong, what to do about it, and how the process ends.
package struct Failure: Error, Sendable {
  /// How the process ends.
  package var status: ExitStatus
  /// What went wrong.
  ///
  /// Lower case, no full stop, no secret.
  package var message: String
  /// What to do about it, one thing a line.
  package var hints: [String]
  /// What linkd said, where the failure is its answer.
  package var answer: ErrorAnswer?

  /// Describes a failure.
  package init(
    _ status: ExitStatus, _ message: String, hints: [String] = [], answer: ErrorAnswer? = nil
  ) {
    self.status = status
    self.message = message
    self.hints = hints
    self.answer = answer
  }

  /// A failure with one hint.
  package init(_ status: ExitStatus, _ message: String, hint: String) {
    self.init(status, message, hints: [hint])
  }
}

/// The parts of an error that linkd answered with, for `--output json`.
package struct ErrorAnswer: Encodable, Hashable, Sendable {
  /// One request field and what is wrong with it.
  package struct Field: Encodable, Hashable, Sendable {
    package var field: String
    package var description: String
  }

  /// A page that explains more.
  package struct Link: Encodable, Hashable, Sendable {
    package var description: String
    package var url: String
  }

  /// The gRPC status code, as `FAILED_PRECONDITION`.
  package var code: String
  /// The reason, as `X_CALLBACK_NOT_APPROVED`; nil where the answer has none.
  package var reason: String?
  /// Who can mend it: `developer`, `end_user`, `provider` or `operator`.
  package var actor: String?
  /// What belongs to the reason, as the callback URL to add.
  package var metadata: [String: String] = [:]
  package var fields: [Field] = []
  package var links: [Link] = []
  /// How long to wait before the next try.
  package var retryAfterSeconds: Int64?

  package init(code: String) { self.code = code }
}
