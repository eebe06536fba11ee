import Console
import Testing

struct ConsoleTests {
  @Test func `a long value that was typed by mistake is not shown again`() {
    let secret = "MARKERSECRETOFTWENTYFIVE1"
    for argument in [secret, "--keys=\(secret)", "--\(secret)\(secret)"] {
      let clause = UsageError.clause(
        message: "Unexpected argument '\(argument)'.", arguments: ["keys", argument])
      #expect(!clause.contains(secret))
    }
  }

  @Test func `a short word that was mistyped is shown`() {
    let clause = UsageError.clause(
      message: "Unexpected argument 'acounts'\nUsage: linkctl", arguments: ["acounts"])
    #expect(clause == "unexpected argument 'acounts'")
  }

  @Test(arguments: [
    ("The app is suspended.", "the app is suspended"), ("X refused.", "X refused"),
    ("PIN mode…", "PIN mode…"), ("", ""), ("linkd", "linkd"),
  ])
  func `a sentence becomes a clause`(_ sentence: String, _ clause: String) {
    #expect(sentence.asClause == clause)
  }

  @Test func `text from outside cannot move the cursor`() {
    let hostile = "a\u{1B}[2J\r\nb\u{202E}c\u{9B}é😀"
    #expect(hostile.printable == "a\\u{1b}[2J\\u{d}\\u{a}b\\u{202e}c\\u{9b}é😀")
  }

  @Test func `an error is a line, and each hint is one`() {
    let lines = StandardStreams.errorLines(program: "p", message: "no\u{1B}", hints: ["a", "b"])
    #expect(lines == "p: error: no\\u{1b}\np: hint: a\np: hint: b\n")
  }
}
