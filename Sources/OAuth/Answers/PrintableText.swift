/// A stranger's words, made fit for one line of a log, an error or a terminal.
enum PrintableText {
  /// Escapes what is not a visible character (line ends, terminal sequences, changes of writing
  /// direction) as `\u{1B}`, and cuts what is too long.
  static func make(_ text: some StringProtocol, limit: Int = Limits.message) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      guard result.utf8.count < limit else { return result + "…" }
      if isVisible(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      }
    }
    return result
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      false
    // A backslash too, so that nobody can write what looks like an escape.
    default: scalar != "\\"
    }
  }
}
