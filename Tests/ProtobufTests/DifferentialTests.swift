import Foundation
import Protobuf
import Testing
import TextCoding

/// We and upb must agree on which bytes are messages, and on what they say (T60, T61).
@Suite(.enabled(if: Oracle.isInstalled, "tools/setup installs Python's protobuf"))
struct DifferentialTests {
  @Test
  func `upb agrees on every vector`() throws {
    let oracle = try Oracle()
    defer { oracle.remove() }
    let cases = try oracle.judge(WireVector.all.map(\.bytes))
    for (vector, judged) in zip(WireVector.all, cases) {
      if case .reads = vector.outcome {
        #expect(judged.isAccepted, "\(vector.testDescription)")
      } else {
        #expect(!judged.isAccepted, "\(vector.testDescription)")
      }
    }
    try expectAgreement(cases, oracle)
  }

  /// `DIFFERENTIAL_CASES=1000000` asks for more, `DIFFERENTIAL_SEED=7` for the same ones again:
  /// `tools/fuzz differential` sets them.
  @Test
  func `upb agrees on random messages, whole and damaged (T60, T61)`() throws {
    let seed = Self.setting("SEED").flatMap(UInt32.init) ?? UInt32.random(in: .min ... .max)
    let count = Self.setting("CASES").flatMap(Int.init) ?? 50_000
    let oracle = try Oracle()
    defer { oracle.remove() }
    let cases = try oracle.randomCases(seed: seed, count: count)
    #expect(cases.count == count)
    // Both kinds must be there in numbers, or the test proves little.
    #expect(cases.count(where: \.isAccepted) > 1_000, "seed \(seed)")
    #expect(cases.count { !$0.isAccepted } > 200, "seed \(seed)")
    try expectAgreement(cases, oracle, "seed \(seed)")
  }

  private static func setting(_ name: String) -> String? {
    ProcessInfo.processInfo.environment["DIFFERENTIAL_\(name)"]
  }

  /// Whatever differs is reported with the input, and so can be kept as a vector.
  private func expectAgreement(
    _ cases: [Oracle.Case], _ oracle: Oracle, _ origin: String = "vectors"
  ) throws {
    var outputs: [[UInt8]] = []
    for judged in cases {
      let read = verdict(on: judged.input)
      let message = try? read.get()
      func report() -> Comment {
        "\(origin): \(Hex.encode(judged.input)): we: \(read.description), upb: \(judged)"
      }
      #expect((message != nil) == judged.isAccepted, report())
      guard let message, judged.isAccepted, !judged.isPeculiar else { continue }
      outputs.append(try message.serialized())
      // What upb writes for the input is the same message to us.
      #expect(try Everything(serialized: judged.canonical) == message, report())
    }
    guard outputs.count == cases.count(where: { $0.isAccepted && !$0.isPeculiar }) else { return }
    let difference = try oracle.difference(to: outputs)
    #expect(difference == nil, "\(origin)")
  }

  private func verdict(on input: [UInt8]) -> Result<Everything, DecodingError> {
    Result { () throws(DecodingError) in try Everything(serialized: input) }
  }
}

extension Result where Success == Everything, Failure == DecodingError {
  fileprivate var description: String {
    switch self {
    case .success(let message): "read as \(Hex.encode((try? message.serialized()) ?? []))"
    case .failure(let error): "refused, \(error)"
    }
  }
}
