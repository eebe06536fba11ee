import Linux
import Testing

struct SecretLineTests {
  static let cases: [(typed: String, answer: Terminal.Answer?)] = [
    ("abc\n", .text(Array("abc".utf8))),
    ("abc\r", .text(Array("abc".utf8))),
    ("\n", .text([])),
    ("ab\u{7F}c\n", .text(Array("ac".utf8))),
    ("aé\u{8}c\n", .text(Array("ac".utf8))),
    ("\u{7F}\u{7F}a\n", .text(Array("a".utf8))),
    ("wrong\u{15}right\n", .text(Array("right".utf8))),
    ("abc\u{3}", .cancelled),
    ("\u{4}", .cancelled),
    ("abc\u{4}", .text(Array("abc".utf8))),
    ("123456789\n", .text(Array("12345678".utf8))),
    ("unfinished", nil),
  ]

  @Test(arguments: cases)
  func `keys edit the line as a terminal would`(_ typed: String, _ answer: Terminal.Answer?) {
    var line = SecretLine()
    var result: Terminal.Answer?
    for byte in typed.utf8 where result == nil { result = line.typed(byte, longest: 8) }
    #expect(result == answer)
  }
}
