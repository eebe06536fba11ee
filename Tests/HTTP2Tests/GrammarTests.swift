import Foundation
import HTTP2
import ScriptedPeer
import Testing

/// Connections made up of frames that are nearly right, in any order (T131), and those that were of
/// interest once (T132).
struct GrammarTests {
  /// A connection's worth of frames, by a grammar: mostly what a client might send.
  private struct Grammar {
    var random: SplitMix
    var streams: [UInt32] = []

    private mutating func choose(_ count: UInt64) -> UInt64 { random.next() % count }

    private mutating func bytes(_ most: UInt64) -> [UInt8] {
      (0..<choose(most)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    /// A stream that is open, or was, or never will be.
    private mutating func stream() -> UInt32 {
      if !streams.isEmpty, choose(10) > 0 { return streams[Int(choose(UInt64(streams.count)))] }
      return UInt32(choose(64))
    }

    private mutating func newStream() -> UInt32 {
      let next = (streams.max() ?? 0) + (streams.isEmpty ? 1 : 2 * UInt32(choose(3) + 1))
      streams.append(next | 1)
      return next | 1
    }

    private mutating func block() -> [UInt8] {
      var block =
        choose(8) > 0 ? Fields.upload : [Fields.get, Fields.post, Fields.http][Int(choose(3))]
      for _ in 0..<choose(4) {
        switch choose(6) {
        case 0:
          block += Fields.literal("x-\(choose(9))", String(repeating: "v", count: Int(choose(90))))
        case 1: block += [UInt8(0x80 | choose(62))]
        case 2: block += [0x40, 1, 0x61, UInt8(choose(3))] + [0x62, 0x62]
        case 3: block += [UInt8(0x20 | choose(32))]
        case 4:
          block += Fields.literal(["te", "connection", ":path", "X"][Int(choose(4))], "trailers")
        default: block += bytes(6)
        }
      }
      return block
    }

    mutating func frame() -> [UInt8] {
      switch choose(16) {
      case 0...4: Frame.headers(newStream(), block(), end: choose(2) == 0)
      case 5, 6: Frame.data(stream(), bytes(300), end: choose(2) == 0)
      case 7: Frame.reset(stream(), UInt32(choose(16)))
      case 8:
        Frame.settings([(UInt16(choose(8)), UInt32(choose(1 << 17)))], flags: UInt8(choose(8) / 7))
      case 9: Frame.ping(flags: UInt8(choose(2)))
      case 10: Frame.windowUpdate(choose(2) == 0 ? 0 : stream(), UInt32(choose(1 << 20)))
      case 11: Frame.priority(stream(), on: stream())
      case 12:
        Frame.headers(newStream(), block(), flags: 0)
          + Frame.continuation(streams.last ?? 1, block())
      case 13: Frame.headers(stream(), block())
      case 14: Frame.goAway(UInt32(choose(14)), stream: UInt32(choose(9)))
      default:
        Frame.raw(UInt8(choose(20)), UInt8(truncatingIfNeeded: random.next()), stream(), bytes(40))
      }
    }

    /// Some frames, now and then with a byte that is another, and where to cut them.
    mutating func connection() -> (bytes: [UInt8], pieces: Int) {
      streams = []
      var all = Frame.preface
      for _ in 0..<choose(40) { all += frame() }
      if choose(3) == 0 { all[Int(choose(UInt64(all.count)))] ^= UInt8(1 << choose(8)) }
      return (all, choose(2) == 0 ? .max : Int(choose(60)) + 1)
    }
  }

  /// Whether a server that answers everything still reads what comes, and so ends the connection at
  /// the nonsense that follows: in the middle of a block, of a payload or of nothing.
  private static func isSane(_ bytes: [UInt8], pieces: Int) -> Bool {
    let server = AnsweringServer()
    server.receive(bytes, pieces: pieces)
    server.receive([UInt8](repeating: 0, count: 1 << 16), pieces: .max)
    return server.failure != nil || server.session.isFinished
  }

  static func run(_ count: Int, seed: UInt64) {
    var grammar = Grammar(random: SplitMix(state: seed))
    for number in 0..<count {
      let (bytes, pieces) = grammar.connection()
      #expect(isSane(bytes, pieces: pieces), "seed \(seed), connection \(number)")
    }
  }

  @Test func `T131: connections by a grammar end or go on, and never hang`() {
    Self.run(1500, seed: UInt64.random(in: 0 ... .max))
  }

  private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "tools/fuzzing/network/corpus/frames")

  @Test func `T132: what was of interest once does no harm, however it is cut`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
    #expect(files.count >= 30)
    for file in files {
      let content = try Array(Data(contentsOf: Self.corpus.appending(path: file)))
      // The first byte tells the fuzzer how to cut.
      let magic = Array(Frame.preface.prefix(24))
      let bytes = (content.first.map { $0 & 1 == 0 } ?? true ? magic : []) + content.dropFirst()
      for pieces in [1, 7, .max] { #expect(Self.isSane(bytes, pieces: pieces), "\(file)") }
    }
  }
}

/// The million of T131, behind `tools/test --long`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["LINKD_LONG"] != nil, "tools/test --long"))
struct GrammarLongRuns {
  @Test func `T131: a million connections by a grammar`() {
    GrammarTests.run(1_000_000, seed: UInt64.random(in: 0 ... .max))
  }
}
