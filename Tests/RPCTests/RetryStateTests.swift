import RPC
import Testing

struct RetryStateTests {
  private static let policy = RetryPolicy(
    attempts: 4, firstWait: .milliseconds(100), multiplier: 2, longestWait: .milliseconds(300))

  /// What becomes of failures that come one after the other.
  private func decisions(
    _ policy: RetryPolicy?, _ failures: [RetryState.Failure], random: Double = 0
  ) -> [RetryState.Decision] {
    var state = RetryState(policy)
    var throttle = RetryThrottle(RetryThrottling())
    return failures.map { state.failed($0, &throttle, random: random) }
  }

  private func failure(
    _ code: StatusCode = .unavailable, wasSeen: Bool = true, pushback: String? = nil
  ) -> RetryState.Failure {
    var error = RPCError(code, "")
    if let pushback { error.metadata.append(pushback, for: "grpc-retry-pushback-ms") }
    return RetryState.Failure(error, wasSeen: wasSeen)
  }

  private func again(_ milliseconds: Int) -> RetryState.Decision {
    .again(after: .milliseconds(milliseconds))
  }

  @Test func `waits grow up to the longest, and attempts are numbered`() {
    let all = Array(repeating: failure(), count: 4)
    #expect(decisions(Self.policy, all) == [again(100), again(200), again(300), .giveUp])
    #expect(decisions(Self.policy, all, random: 1).first == again(120))
    #expect(decisions(Self.policy, all, random: -1).first == again(80))
    var greedy = Self.policy
    greedy.attempts = 100
    let many = Array(repeating: failure(), count: 10)
    #expect(decisions(greedy, many).firstIndex(of: .giveUp) == 4)
  }

  @Test func `only the policy's codes are tried again, and nothing without a policy`() {
    #expect(decisions(Self.policy, [failure(.internal)]) == [.giveUp])
    #expect(decisions(Self.policy, [failure(), failure(.aborted)]) == [again(100), .giveUp])
    #expect(decisions(nil, [failure()]) == [.giveUp])
  }

  @Test func `what the server has not seen is tried again once, whatever the policy`() {
    let unseen = failure(wasSeen: false)
    #expect(decisions(nil, [unseen, unseen]) == [again(0), .giveUp])
    let all = [unseen, unseen, failure()]
    #expect(decisions(Self.policy, all) == [again(0), again(100), again(200)])
  }

  @Test(
    arguments: [
      ("0", 0), ("250", 250), ("-1", nil), ("", nil), ("1.5", nil), ("soon", nil), ("+5", nil),
      ("99999999999999999999", nil),
    ] as [(String, Int?)])
  func `a server says when to come again, or not at all`(_ text: String, _ wait: Int?) {
    let expected = wait.map { again($0) } ?? .giveUp
    #expect(decisions(Self.policy, [failure(pushback: text)]) == [expected])
    #expect(decisions(Self.policy, [failure(.internal, pushback: text)]) == [.giveUp])
  }

  @Test func `after a pushback waits grow from the start`() {
    let failures = [failure(), failure(pushback: "7"), failure()]
    #expect(decisions(Self.policy, failures) == [again(100), again(7), again(100)])
  }

  @Test func `a call that is committed is not made again`() {
    var throttle = RetryThrottle(RetryThrottling())
    for wasSeen in [true, false] {
      var state = RetryState(Self.policy)
      state.commit()
      #expect(state.failed(failure(wasSeen: wasSeen), &throttle, random: 0) == .giveUp)
    }
  }

  @Test func `T143 while most calls fail, retries stop; they come back as calls succeed`() {
    var throttle = RetryThrottle(RetryThrottling())
    func retries(_ calls: Int) -> Int {
      var count = 0
      for _ in 0..<calls {
        var state = RetryState(Self.policy)
        if state.failed(failure(), &throttle, random: 0) != .giveUp { count += 1 }
      }
      return count
    }
    // A hundred tokens, of which more than half must be left.
    #expect(retries(1000) == 49)
    for _ in 0..<511 { RetryState(Self.policy).succeeded(&throttle) }
    #expect(retries(1) == 1)
    #expect(retries(1) == 0)
  }

  @Test func `only calls that may be repeated have a policy`() {
    func policy(
      _ idempotency: Idempotency, _ rules: RetryRules = RetryRules(),
      _ change: (inout CallOptions) -> Void = { _ in }
    ) -> RetryPolicy? {
      var options = CallOptions()
      change(&options)
      let method = MethodDescriptor<Blob, Blob>(
        service: "s.S", method: "M", kind: .unary, idempotency: idempotency)
      return rules.policy(for: OutgoingCall(method, options))
    }
    #expect(policy(.unknown) == nil)
    #expect(policy(.idempotent) == RetryPolicy())
    #expect(policy(.noSideEffects) == RetryPolicy())
    #expect(policy(.unknown) { $0.isRepeatable = true } == RetryPolicy())
    #expect(policy(.idempotent) { $0.retries = .never } == nil)
    #expect(policy(.unknown) { $0.retries = .policy(Self.policy) } == Self.policy)
    var rules = RetryRules()
    rules.methods["/s.S/M"] = Self.policy
    #expect(policy(.unknown, rules) == Self.policy)
    rules = RetryRules()
    rules.repeatable = nil
    #expect(policy(.idempotent, rules) == nil)
  }
}
