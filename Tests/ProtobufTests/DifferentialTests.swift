import Foundation
import Protobuf
import Testing

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

  /// `DIFFERENTIAL_CASES=1000000` asks for more: `tools/fuzz differential` does.
  @Test
  func `upb agrees on random messages, whole and damaged (T60, T61)`() throws {
    let seed = UInt32.random(in: .min ... .max)
    let oracle = try Oracle()
    defer { oracle.remove() }
    let count = ProcessInfo.processInfo.environment["DIFFERENTIAL_CASES"].flatMap(Int.init)
    let cases = try oracle.randomCases(seed: seed, count: count ?? 50_000)
    #expect(cases.count == count ?? 50_000)
    // Both kinds must be there in numbers, or the test proves little.
    #expect(cases.count(where: \.isAccepted) > 1_000, "seed \(seed)")
    #expect(cases.count { !$0.isAccepted } > 200, "seed \(seed)")
    try expectAgreement(cases, oracle, "seed \(seed)")
  }

  private func expectAgreement(
    _ cases: [Oracle.Case], _ oracle: Oracle, _ origin: String = ""
  ) throws {
    var outputs: [[UInt8]] = []
    for judged in cases {
      let message = try? Everything(serialized: judged.input)
      guard (message != nil) == judged.isAccepted else {
        Issue.record("\(origin): upb accepts: \(judged.isAccepted), input \(judged.input)")
        return
      }
      guard let message, !judged.isPeculiar else { continue }
      outputs.append(try message.serialized())
      // What upb writes for the input is the same message to us.
      #expect(try Everything(serialized: judged.canonical) == message, "\(origin)")
    }
    let difference = try oracle.difference(to: outputs)
    #expect(difference == nil, "\(origin)")
  }
}
