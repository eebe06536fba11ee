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
    #expect(waits.failed(random: 1) == .seconds(144))
    #expect(waits.failed(random: -1) == .seconds(96))
    waits.reset()
    #expect(waits.failed(random: 0) == .seconds(1))
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
      // A quarter of them is expected in each tenth of the first second that has any.
      #expect(tenths.values.allSatisfy { $0 <= 50 })
    }
  }
}
