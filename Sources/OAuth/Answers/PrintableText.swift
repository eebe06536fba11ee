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

  /// As `make`, with an ellipsis for every word that is not prose: what a provider repeats of a
  /// request could be a key, a token, a verifier or a PIN.
  static func quoting(_ text: String) -> String {
    make(
      text.split(whereSeparator: \.isWhitespace).map { isProse($0) ? $0 : "…" }
        .joined(separator: " "))
  }

  /// Longer than any word of the known messages, shorter than any secret that has only letters.
  private static let longestWord = 24
  /// Enough for a status, a version or a code, too few for a PIN.
  private static let longestWordWithDigits = 6

  private static func isProse(_ word: Substring) -> Bool {
    let hasDigit = word.utf8.contains { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    return word.utf8.count <= (hasDigit ? longestWordWithDigits : longestWord)
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
