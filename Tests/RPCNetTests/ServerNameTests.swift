import Linux
import RPCNet
import Testing

struct ServerNameTests {
  @Test(
    arguments: [
      ("example.org:443", .host("example.org", port: 443)),
      ("dns:///example.org:443", .host("example.org", port: 443)),
      ("dns:example.org:443", .host("example.org", port: 443)),
      ("[::1]:80", .host("::1", port: 80)),
      ("dns:///[fe80::1%eth0]:80", .host("fe80::1%eth0", port: 80)),
      ("ipv4:127.0.0.1:80", .addresses([.ipv4(host: "127.0.0.1", port: 80)])),
      (
        "ipv4:127.0.0.1:80,10.0.0.1:81",
        .addresses([.ipv4(host: "127.0.0.1", port: 80), .ipv4(host: "10.0.0.1", port: 81)])
      ),
      ("ipv6:[::1]:80", .addresses([.ipv6(host: "::1", port: 80)])),
      ("unix:a/b", .addresses([.unix(path: "a/b")])),
      ("unix:/run/x", .addresses([.unix(path: "/run/x")])),
      ("unix:///run/x", .addresses([.unix(path: "/run/x")])),
    ] as [(String, ServerName)])
  func `a server is named as gRPC names it`(_ text: String, _ name: ServerName) throws {
    #expect(try ServerName(text) == name)
  }

  @Test(arguments: [
    "", ":", "host", "host:", ":80", "host:0", "host:65536", "host:+80", "host:80x", "host:-1",
    "::1:80", "[::1]", "[::1:80", "dns://8.8.8.8/host:80", "dns:///", "ipv4:", "ipv4:host:80",
    "ipv4:[::1]:80", "ipv4:127.0.0.1:80,", "ipv6:127.0.0.1:80", "ipv6:::1:80", "unix:",
    "http://host:80", "host:80/path", "ho st:80", "ho\r\nst:80", "unix:a\0b",
  ])
  func `what names no server is refused`(_ text: String) {
    #expect(throws: ServerName.Malformed.self) { try ServerName(text) }
  }
}

/// T55: connecting again, without a network.
struct BackoffTests {
  @Test func `T55 waits are those of gRPC's document`() {
    var waits = Backoff.Waits(Backoff())
    let seconds = (0..<13).map { _ in waits.failed(random: 0) / .seconds(1) }
    for (index, wait) in seconds.enumerated() {
      var expected = 1.0
      for _ in 0..<index { expected = min(expected * 1.6, 120) }
      #expect(abs(wait - expected) < 1e-6)
    }
    #expect(waits.failed(random: 1) == .seconds(180))
    #expect(waits.failed(random: -1) == .seconds(60))
    waits.reset()
    #expect(waits.failed(random: 0) == .seconds(1))
  }

  /// How often a hundred clients that lost their server together, and do not find it again, try to
  /// connect in each of the first ten seconds.
  private func attempts(
    _ backoff: Backoff, _ generator: inout some RandomNumberGenerator
  ) -> [Int] {
    var seconds = [Int](repeating: 0, count: 10)
    for _ in 0..<100 {
      var waits = Backoff.Waits(backoff)
      var time = Duration.zero
      while true {
        time += waits.failed(random: .random(in: -1...1, using: &generator))
        guard time < .seconds(10) else { break }
        seconds[Int(time / .seconds(1))] += 1
      }
    }
    return seconds
  }

  /// The busiest second beside the average one.
  private func peak(_ seconds: [Int]) -> Double {
    Double((seconds.max() ?? 0) * seconds.count) / Double(max(1, seconds.reduce(0, +)))
  }

  @Test func `T55 a server that comes back is not overrun: no second has twice the average`() {
    var generator = Seeded(state: 55)
    let fleets = (0..<200).map { _ in attempts(Backoff(), &generator) }
    let together = (0..<10).map { second in fleets.reduce(0) { $0 + $1[second] } }
    #expect(peak(together) <= 1.9, "\(together)")
    // What chance does to one fleet of a hundred.
    #expect(fleets.count { peak($0) <= 2 } >= 180)
    #expect(fleets.allSatisfy { peak($0) <= 2.5 })

    // With less jitter it would be.
    var stiff = Backoff()
    stiff.jitter = 0.2
    #expect((0..<200).allSatisfy { _ in peak(attempts(stiff, &generator)) > 2 })
  }

  @Test func `T55 a hundred clients that lost their server do not come back together`() {
    var clients = (0..<100).map { _ in (time: 0.0, waits: Backoff.Waits(Backoff())) }
    for _ in 0..<6 {
      var tenths: [Int: Int] = [:]
      for index in clients.indices {
        let wait = clients[index].waits.failed(random: .random(in: -1...1))
        clients[index].time += wait / .seconds(1)
        tenths[Int(clients[index].time * 10), default: 0] += 1
      }
      // A tenth of them is expected in each tenth of the first second that has any.
      #expect(tenths.values.allSatisfy { $0 <= 35 })
    }
  }
}

/// Chance that is the same in every run (SplitMix64).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
