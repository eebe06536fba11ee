import LinkAPI
import LinkService
import Protobuf
import RPC
import Synchronization
import Testing

/// T124: who fails is slowed down, and nobody else.
@Suite struct `Rate limits` {
  private let watch = Stopwatch()

  private func limit(burst: Int = 3, capacity: Int = 100) -> FailedCallLimit {
    FailedCallLimit(Allowance(burst: burst, every: .seconds(1)), capacity: capacity) {
      [watch] in watch.now
    }
  }

  @Test func `after so many failures an address is told to wait, and how long`() async throws {
    let limit = limit()
    for _ in 0..<3 {
      #expect(await limit.refusal(from: "192.0.2.7:1", .unauthenticated)?.code == .unauthenticated)
    }
    // Another port is the same address.
    let refused = try #require(await limit.refusal(from: "192.0.2.7:2", .unauthenticated))
    #expect(refused.code == .resourceExhausted)
    #expect(refused.reason == "ASKED_TOO_OFTEN")
    #expect(refused.details(of: RetryInfo.self).first?.retryDelay?.seconds == 1)
    watch.advance(by: .seconds(1))
    #expect(await limit.refusal(from: "192.0.2.7:1", .unauthenticated)?.code == .unauthenticated)
    #expect(await limit.refusal(from: "192.0.2.7:1", .unauthenticated)?.code == .resourceExhausted)
  }

  @Test func `a good token gets in from an address that others abuse`() async {
    let limit = limit()
    for _ in 0..<10 { _ = await limit.refusal(from: "192.0.2.7:1", .unauthenticated) }
    #expect(await limit.refusal(from: "192.0.2.7:1", nil) == nil)
    #expect(await limit.refusal(from: "192.0.2.8:1", .unauthenticated)?.code == .unauthenticated)
    #expect(await limit.refusal(from: "192.0.2.7:1", .notFound)?.code == .notFound)
  }

  @Test(arguments: [
    ("[2001:db8:1:2::7]:1", "[2001:db8:1:2:3:4:5:6]:1", true),
    ("[2001:db8::7]:1", "[2001:db8:0:0:1::]:1", true),
    ("[fe80::1%eth0]:1", "[fe80::2%eth0]:1", true),
    ("[2001:db8:1:2::7]:1", "[2001:db8:1:3::7]:1", false), ("[::1]:1", "[2001:db8::1]:1", false),
    ("[::ffff:192.0.2.7]:1", "[::ffff:192.0.2.8]:1", false),
  ])
  func `a network of IPv6 is one address`(_ first: String, _ second: String, _ isSame: Bool) async {
    let limit = limit()
    for _ in 0..<4 { _ = await limit.refusal(from: first, .unauthenticated) }
    let code = await limit.refusal(from: second, .unauthenticated)?.code
    #expect(code == (isSame ? .resourceExhausted : .unauthenticated))
  }

  @Test func `the table of offenders stays small, and those who go on stay in it`() async {
    let limit = limit(capacity: 100)
    for _ in 0..<4 { _ = await limit.refusal(from: "192.0.2.7:1", .unauthenticated) }
    for address in 0..<100_000 {
      _ = await limit.refusal(from: "[2001:db8:1:\(address)::7]:1", .unauthenticated)
      if address % 50 == 0 {
        let code = await limit.refusal(from: "192.0.2.7:1", .unauthenticated)?.code
        #expect(code == .resourceExhausted)
      }
    }
    #expect((100...200).contains(limit.count))
  }

  @Test func `one tenant's calls do not count against another's`() async throws {
    let watch = watch
    let limit = TenantCallLimit(Allowance(burst: 2, every: .milliseconds(10))) { watch.now }
    let world = World(interceptors: [limit])
    let (acme, other) = (try await world.client(), try await world.client(tenant: "other"))
    for _ in 0..<2 { _ = try await acme.list("profiles/-") }
    let error = try await error { () throws(RPCError) in try await acme.list("profiles/-") }
    #expect(error.code == .resourceExhausted)
    #expect(error.details(of: RetryInfo.self).first?.retryDelay == ProtoDuration(.milliseconds(10)))
    _ = try await other.list("profiles/-")
    watch.advance(by: .milliseconds(10))
    _ = try await acme.list("profiles/-")
  }

  @Test(arguments: [1, 3, 10_000, 1_000_000])
  func `a rate allows twice as much at once, and goes on as it says`(_ rate: Int) {
    let allowance = Allowance(perSecond: rate)
    #expect(allowance.burst == 2 * rate)
    let perSecond = Duration.seconds(1) / allowance.interval
    #expect(abs(perSecond - Double(rate)) <= 0.001 * Double(rate))
  }
}

extension FailedCallLimit {
  /// What a call from an address ends with that would end with this code.
  fileprivate func refusal(from address: String, _ code: StatusCode?) async -> RPCError? {
    let context = ServerContext(path: "/a.B/C", peer: Peer(Address(address)))
    do {
      try await pass(context) { _ in if let code { throw RPCError(code, "no") } }
      return nil
    } catch { return error as? RPCError }
  }
}

private final class Address: PeerSource {
  let peerAddress: String
  let peerCertificate: PeerCertificate? = nil
  init(_ address: String) { peerAddress = address }
}

/// A monotonic clock that tests set.
private final class Stopwatch: Sendable {
  private let instant = Mutex(ContinuousClock.now)
  var now: ContinuousClock.Instant { instant.withLock(\.self) }
  func advance(by duration: Duration) { instant.withLock { $0 = $0.advanced(by: duration) } }
}
