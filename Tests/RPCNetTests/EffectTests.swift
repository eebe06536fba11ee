import Foundation
import HTTP2
import Linux
import Net
import RPC
import RPCNet
import Synchronization
import TestAPI
import Testing

/// T56: how often a call has an effect while its connections are cut at random.
struct EffectTests {
  var calls = 500
  /// Of a hundred requests.
  private static let cuts = 2

  /// What the calls have done, by their keys.
  private final class Effects: Sendable {
    let counts = Mutex<[String: Int]>([:])
    private let patience = Mutex(Patience())

    /// - Parameter isIdempotent: whether a key that has been seen has no effect any more.
    func server(isIdempotent: Bool) -> Script {
      Script { request in
        let key = request.headers["x-key"] ?? ""
        let isCut = self.patience.withLock { patience in
          patience.comes(key)
          return Int.random(in: 0..<100) < EffectTests.cuts && patience.allowsCut()
        }
        if isCut, Bool.random() { return request.stream.connection.close() }
        self.counts.withLock {
          if !isIdempotent || $0[key] == nil { $0[key, default: 0] += 1 }
        }
        if isCut { request.stream.connection.close() } else { request.succeed() }
      }
    }
  }

  /// Sees to it that no call is cut off more often than it is tried.
  ///
  /// A cut takes the calls of all lanes along, also those that have not come yet. That a call has
  /// succeeded is certain only once the next one of its lane has come: two cuts before a call is seen and
  /// two afterwards are fewer than the five times that it is tried.
  private struct Patience {
    private static let mostCuts = 2
    private var lanes = Dictionary(
      uniqueKeysWithValues: (0..<10).map { (Substring("\($0)"), (key: "", cuts: 0)) })

    mutating func comes(_ key: String) {
      let lane = key.prefix { $0 != "-" }
      if lanes[lane]?.key != key { lanes[lane] = (key, 0) }
    }

    mutating func allowsCut() -> Bool {
      guard lanes.values.allSatisfy({ $0.cuts < Self.mostCuts }) else { return false }
      for lane in lanes.keys { lanes[lane]?.cuts += 1 }
      return true
    }
  }

  /// Makes the calls, ten at a time; returns the keys of those that succeeded.
  private func makeCalls(
    of client: TestServiceClient, _ change: @escaping @Sendable (inout CallOptions) -> Void
  ) async -> Set<String> {
    await withTaskGroup(of: [String].self) { group in
      for lane in 0..<10 {
        group.addTask {
          var succeeded: [String] = []
          for number in 0..<calls / 10 {
            let key = "\(lane)-\(number)"
            var options = CallOptions(timeout: .seconds(60), metadata: ["x-key": .text(key)])
            options.waitsForReady = true
            change(&options)
            let end = await code { [options] () throws(RPCError) in
              _ = try await client.emptyCall(Empty(), options: options)
            }
            if end == .ok { succeeded.append(key) } else { #expect(end == .unavailable) }
          }
          return succeeded
        }
      }
      return await group.reduce(into: []) { $0.formUnion($1) }
    }
  }

  private func quickly(_ configuration: inout RPCChannel.Configuration) {
    configuration.backoff.first = .milliseconds(5)
    configuration.backoff.longest = .milliseconds(20)
  }

  @Test func `T56 a call that may not be repeated has one effect, or none if it fails`()
    async throws
  {
    let effects = Effects()
    let succeeded = try await effects.server(isIdempotent: false)
      .serve(configure: quickly) { await makeCalls(of: $0) { _ in } }
    let counts = effects.counts.withLock(\.self)
    #expect(counts.values.allSatisfy { $0 == 1 })
    #expect(succeeded.allSatisfy { counts[$0] == 1 })
    #expect(succeeded.count < calls)
  }

  @Test func `T56 a call with a key of its own has one effect, and succeeds`() async throws {
    let effects = Effects()
    let policy = RetryPolicy(firstWait: .milliseconds(5), longestWait: .milliseconds(20))
    let succeeded = try await effects.server(isIdempotent: true).serve {
      quickly(&$0)
      $0.retries.repeatable = policy
      // A cut takes ten calls along.
      $0.retries.throttling.tokens = 1e6
    } _: { client in
      await makeCalls(of: client) { $0.isRepeatable = true }
    }
    #expect(succeeded.count == calls)
    #expect(effects.counts.withLock(\.self).values.allSatisfy { $0 == 1 })
  }
}

/// The same for longer: `tools/test --long`.
@Suite(
  .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["LINKD_LONG"] != nil, "tools/test --long"))
struct EffectLongRuns {
  @Test func `T56 none of ten thousand calls that may not be repeated has two effects`()
    async throws
  {
    try await EffectTests(calls: 10_000)
      .`T56 a call that may not be repeated has one effect, or none if it fails`()
  }

  @Test func `T56 each of ten thousand calls with keys of their own has one effect`() async throws {
    try await EffectTests(calls: 10_000)
      .`T56 a call with a key of its own has one effect, and succeeds`()
  }
}
