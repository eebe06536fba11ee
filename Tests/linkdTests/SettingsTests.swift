import Testing
import linkd

struct SettingsTests {
  @Test(arguments: [
    ("127.0.0.1:7443", "127.0.0.1", 7443 as UInt16, true), ("127.9.9.9:0", "127.9.9.9", 0, true),
    ("[::1]:1", "::1", 1, true), ("0.0.0.0:443", "0.0.0.0", 443, false),
    ("[::]:65535", "::", 65535, false), ("127.evil:1", "127.evil", 1, false),
  ])
  func `an address is a host and a port`(
    _ text: String, _ host: String, _ port: UInt16, _ isLoopback: Bool
  ) throws {
    let address = try #require(ListenAddress(text))
    #expect(address == .network(host: host, port: port))
    #expect(address.isLoopback == isLoopback)
    #expect(address.description == text)
  }

  @Test(arguments: [
    "", ":", ":1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:1", "[a]:1", "unix:",
    "Systemd",
  ])
  func `no other address is taken`(_ text: String) {
    #expect(ListenAddress(text) == nil)
  }

  private static func settings(
    listen: String = "127.0.0.1:0", certificate: String? = nil, key: String? = nil,
    insecure: Bool = false, origins: [String] = [], loops: Int? = 1, calls: Int? = nil,
    x: String? = nil
  ) throws -> ServeSettings {
    try ServeSettings(
      data: "d", listen: #require(ListenAddress(listen)), certificate: certificate, key: key,
      allowsInsecureListen: insecure, origins: origins, loops: loops, callsPerTenant: calls,
      xBaseURL: x, xCAFile: nil)
  }

  @Test(arguments: ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "localhost:1", "systemd"])
  func `metrics are for this machine alone`(_ address: String) throws {
    let address = try #require(ListenAddress(address))
    #expect(throws: Failure.self) {
      try ServeSettings(
        data: "d", listen: ListenAddress(loopbackPort: 0), certificate: nil, key: nil,
        allowsInsecureListen: true, origins: [], loops: 1, xBaseURL: nil, xCAFile: nil,
        metrics: address)
    }
  }

  @Test func `a metric is written as Prometheus reads it`() {
    var text = MetricsText()
    text.add("a_total", .counter, "What it is.", 3)
    text.begin("b", .gauge, "Another.")
    text.sample("b", ["x": "y", "z": "0.5"], 0.25)
    #expect(
      text.text == """
        # HELP a_total What it is.
        # TYPE a_total counter
        a_total 3
        # HELP b Another.
        # TYPE b gauge
        b{x="y",z="0.5"} 0.25

        """)
  }

  @Test(arguments: ["https://app.example", "http://localhost:5173", "https://app.example:8443"])
  func `a page may have this origin`(_ origin: String) throws {
    #expect(try Self.settings(origins: [origin]).origins == [origin])
  }

  @Test(arguments: [
    "*", "null", "app.example", "https://", "https://app.example/", "https://app.example/x",
    "https://App.example", "https://app.example:443", "http://app.example:80", "ftp://app.example",
    "https://user@app.example", "https://app.example?x", "https://*.example/",
  ])
  func `no browser names an origin so`(_ origin: String) {
    #expect(throws: Failure.self) { try Self.settings(origins: [origin]) }
  }

  @Test(arguments: [("unix:/run/linkd.sock", true), ("systemd", false)])
  func `an address may be a path, or sockets that somebody opened`(
    _ text: String, _ isLoopback: Bool
  ) throws {
    let address = try #require(ListenAddress(text))
    #expect(address.description == text && address.isLoopback == isLoopback)
    // Where the sockets are that are handed over, is seen when they are there.
    #expect(try !Self.settings(listen: text).mayListenAnywhere)
  }

  @Test func `other machines are served with TLS only, unless asked for by name`() throws {
    #expect(throws: Failure.self) { try Self.settings(listen: "0.0.0.0:1") }
    _ = try Self.settings(listen: "0.0.0.0:1", certificate: "c", key: "k")
    _ = try Self.settings(listen: "0.0.0.0:1", insecure: true)
  }

  @Test func `certificate and key go together`() {
    #expect(throws: Failure.self) { try Self.settings(certificate: "c") }
    #expect(throws: Failure.self) { try Self.settings(key: "k") }
  }

  @Test(arguments: [0, -1, 257, Int.max])
  func `the number of loops has bounds`(_ loops: Int) {
    #expect(throws: Failure.self) { try Self.settings(loops: loops) }
  }

  @Test func `how often a tenant may call has bounds, and goes without saying`() throws {
    #expect(try Self.settings().callsPerTenant == 10_000)
    #expect(try Self.settings(calls: 1).callsPerTenant == 1)
    for calls in [0, -1, 1_000_001, Int.max] {
      #expect(throws: Failure.self) { try Self.settings(calls: calls) }
    }
  }

  @Test(arguments: [
    ("https://api.x.example", "https://api.x.example"),
    ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
    ("http://127.0.0.1:8480", "http://127.0.0.1:8480"),
  ])
  func `X can be somebody else`(_ url: String, _ origin: String) throws {
    #expect(try Self.settings(x: url).xBaseURL == origin)
  }

  @Test(arguments: [
    "", "api.x.com", "http://api.x.com", "http://127.0.0.1.evil.example", "ftp://127.0.0.1",
    "https://u:p@api.x.com", "https://api.x.com/path", "https://api.x.com?q", "https://",
  ])
  func `but only over HTTPS, or on this machine`(_ url: String) {
    #expect(throws: Failure.self) { try Self.settings(x: url) }
  }
}
