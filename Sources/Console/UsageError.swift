/// An error of the argument parser in the form of our own.
package enum UsageError {
  /// Longer than any word of our own, shorter than any key, token or secret worth the name.
  private static let longestWordShown = 16

  /// What the parser's `message` about `arguments` says, as a clause of one line.
  ///
  /// A secret that was typed onto the command line by mistake is not printed a second time.
  package static func clause(message: String, arguments: [String]) -> String {
    let firstLine = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? message
    // The longest first, so that no part of one is left behind by another.
    let values = arguments.flatMap(values(of:)).filter { $0.utf8.count > longestWordShown }
      .sorted { $0.utf8.count > $1.utf8.count }
    return values.reduce(firstLine) { $0.replacing($1, with: "…") }.asClause
  }

  /// What of an argument is not the name of an option: all of it, or what follows the `=`.
  private static func values(of argument: String) -> [String] {
    guard argument.hasPrefix("-"), let equals = argument.firstIndex(of: "=") else {
      return isOptionName(argument) ? [] : [argument]
    }
    return [String(argument[argument.index(after: equals)...])]
  }

  private static func isOptionName(_ argument: String) -> Bool {
    argument.hasPrefix("--") && argument.utf8.count <= 2 * longestWordShown
  }
}

extension String {
  /// A sentence as a clause: its first word in lower case unless it is a name, no full stop.
  package var asClause: String {
    var text = Substring(self)
    while text.hasSuffix(".") { text.removeLast() }
    let start = text.prefix(2)
    guard let first = start.first, let second = start.dropFirst().first, second.isLowercase,
      first.isUppercase
    else { return String(text) }
    return first.lowercased() + text.dropFirst()
  }
}
