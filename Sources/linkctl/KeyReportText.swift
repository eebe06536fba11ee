internal import Console

/// The report on keys, for the person who has to mend them.
extension KeyReportView {
  private static let checkWidth = 13

  /// One line a finding with a mark, and under a failed one who must do what.
  var text: String {
    (["keys: \(verdict.replacing("_", with: " "))"] + findings.flatMap(lines(for:)))
      .map { $0.printable + "\n" }.joined()
  }

  private func lines(for finding: Finding) -> [String] {
    let check = finding.check.replacing("_", with: " ")
    let padding = String(repeating: " ", count: max(1, Self.checkWidth - check.count))
    return ["\(mark(of: finding.outcome)) \(check)\(padding)\(finding.summary)"]
      + advice(on: finding).map { String(repeating: " ", count: Self.checkWidth + 2) + $0 }
  }

  private func mark(of outcome: String) -> String {
    switch outcome {
    case "passed": "✓"
    case "failed": "✗"
    case "not_applicable": "–"
    default: "?"
    }
  }

  private func advice(on finding: Finding) -> [String] {
    [
      finding.action.map { action in
        finding.actor.map { "\(person($0)): \(action)" } ?? action
      },
      finding.paste.map { "paste exactly: \($0)" },
      finding.helpUrl.map { "see: \($0)" },
    ].compactMap(\.self)
  }

  private func person(_ actor: String) -> String {
    switch actor {
    case "developer": "the app's developer must act"
    case "end_user": "the end user must act"
    case "operator": "who runs linkd must act"
    case "provider": "the provider must act"
    default: actor
    }
  }
}
