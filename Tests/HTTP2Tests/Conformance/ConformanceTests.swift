import Testing

/// Checks T1, T3 and T13: the rules that h2spec tests, from the RFCs that it takes them from.
struct ConformanceTests {
  static let cases =
    ConformanceCase.generic + ConformanceCase.streamsAndFrames + ConformanceCase.frameDefinitions
    + ConformanceCase.flowControl + ConformanceCase.messageRules + ConformanceCase.hpack

  @Test func `the table has every case once`() {
    // h2spec's 147, and one where an error of a stream instead of the connection is accepted.
    #expect(Self.cases.count == 148)
    #expect(Set(Self.cases.map(\.id)).count == 148)
  }

  @Test(arguments: cases)
  func `T1, T3, T13: a rule holds however its frames are cut`(_ rule: ConformanceCase) {
    for pieces in [.max, 1, 2, 7, 9, 10] {
      #expect(rule.complaint(pieces: pieces) == nil, "pieces of \(pieces)")
    }
    #expect(rule.joined.complaint(pieces: .max) == nil, "all in one")
  }
}
