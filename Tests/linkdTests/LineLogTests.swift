import Logging
import Synchronization
import Testing
import linkd

/// What a log wrote.
private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func append(_ line: String) { lines.withLock { $0.append(line) } }
}

struct LineLogTests {
  private static func line(_ body: (Logger) -> Void) throws -> String {
    let lines = Lines()
    let log = Logger(label: "linkd") { label in
      LineLog(label: label, level: .info) { lines.append($0) }
    }
    body(log)
    #expect(lines.all.count == 1)
    return try #require(lines.all.first)
  }

  @Test func `an entry is one line of time, level, words and fields`() throws {
    let line = try Self.line { $0.info("call", metadata: ["b": "two words", "a": "1", "c": ""]) }
    let rest = try #require(line.wholeMatch(of: /\d{4}-\d\d-\d\dT[\d:.]+Z (.*)\n/))
    #expect(rest.1 == "info linkd: call a=1 b=\"two words\" c=\"\"")
  }

  @Test func `an entry cannot forge another one`() throws {
    let line = try Self.line {
      $0.error("x\n2026 info linkd: fine", metadata: ["k": "\r\u{1B}[2J\" status=OK"])
    }
    #expect(line.filter(\.isNewline) == "\n")
    #expect(line.hasSuffix("\n"))
    #expect(!line.contains("\u{1B}"))
    #expect(line.contains(#"\" status=OK"#))
  }

  @Test func `a long entry is cut`() throws {
    let line = try Self.line { $0.info("\(String(repeating: "x", count: 100_000))") }
    #expect(line.utf8.count < 4200)
  }
}
