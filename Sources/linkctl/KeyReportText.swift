internal import Console

/// The report on keys, for the person who has to mend them.
extension KeyReportView {
  private static let checkWidth = 13
  /// What is left of a line of 100 columns beside the names of the checks.
  private static let textWidth = 85

  /// One line a finding with a mark, and under a failed one who must do what.
  var text: String {
    (["keys: \(verdict.replacing("_", with: " "))"] + findings.flatMap(lines(for:)))
      .map { $0.printable + "\n" }.joined()
  }

  private func lines(for finding: Finding) -> [String] {
    let check = finding.check.replacing("_", with: " ")
    let padding = String(repeating: " ", count: max(1, Self.checkWidth - check.count))
    let margin = String(repeating: " ", count: Self.checkWidth + 2)
    let texts = finding.summary.wrapped(to: Self.textWidth) + advice(on: finding)
    return texts.enumerated().map { index, text in
      index == 0 ? "\(mark(of: finding.outcome)) \(check)\(padding)\(text)" : margin + text
    }
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
    let action = finding.action.map { action in
      finding.actor.map { "\(person($0)): \(action)" } ?? action
    }
    // What is to be pasted or clicked stays in one piece.
    return (action?.wrapped(to: Self.textWidth) ?? [])
      + [finding.paste.map { "paste exactly: \($0)" }, finding.helpUrl.map { "see: \($0)" }]
      .compactMap(\.self)
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

extension String {
  /// Lines of at most `width` characters, broken at spaces; a longer word has a line of its own.
  package func wrapped(to width: Int) -> [String] {
    var lines = [""]
    for word in split(separator: " ") {
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if line.count + 1 + word.count <= width {
        lines[lines.count - 1] = "\(line) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
