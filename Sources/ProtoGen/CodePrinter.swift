/// Collects lines of code and keeps their indentation.
struct CodePrinter {
  private(set) var text = ""
  private var indentation = 0

  mutating func line(_ line: String = "") {
    if !line.isEmpty { text += String(repeating: "  ", count: indentation) + line }
    text += "\n"
  }

  /// Prints a head, an indented body, and the closing brace.
  mutating func block<Failure: Error>(
    _ head: String, _ body: (inout CodePrinter) throws(Failure) -> Void
  ) throws(Failure) {
    line(head + " {")
    try indented(body)
    line("}")
  }

  mutating func indented<Failure: Error>(
    _ body: (inout CodePrinter) throws(Failure) -> Void
  ) throws(Failure) {
    indentation += 1
    try body(&self)
    indentation -= 1
  }

  /// Prints text as a documentation comment; nothing if there is none.
  mutating func comment(_ text: String?) {
    guard let text else { return }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      self.line(line.isEmpty ? "///" : "/// \(line)")
    }
  }
}
