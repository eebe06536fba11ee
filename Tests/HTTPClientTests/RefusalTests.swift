import HTTPClient
import Testing

/// T112 and T113: what is never sent, and where nothing is ever sent to.
@Suite(.timeLimit(.minutes(1))) struct Refusals {
  private let plain: String

  init() throws { plain = try Servers.shared.get().origin("plain") }

  @Test(arguments: [
    "http://127.0.0.1/", "http://[::1]:1/", "http://0x7f.1/", "http://2130706433/",
    "https://169.254.169.254/", "file:///etc/passwd", "gopher://127.0.0.1/", "",
    "https://api.x.com@evil.example/", "https://api.x.com.evil.example/", "https://api.x.com./",
    "https://api.x.com:443/", "https://api.x.com:444/", "https://API.x.com/",
    "https://evil.example/https://api.x.com/", "https://api.x.com\\@evil.example/",
    "https://api.x.com#@evil.example/", "https://api.x.com%2f@evil.example/",
    " https://api.x.com/", "http://api.x.com/", "https://api.х.com/", "//api.x.com/", "/oauth",
  ])
  func `nothing but the allowed origins is connected to`(_ url: String) async throws {
    let error = try await withClient("https://api.x.com") { client in
      await client.failure(HTTPRequest(method: "GET", url: url))
    }
    #expect(error?.kind == .refusedOrigin)
    #expect(error?.mayHaveBeenSent == false)
  }

  @Test(arguments: [
    "/a b", "/a\r\nHost: evil.example", "/a\u{0}", "/a\t", "/ä", "/#fragment", "?a=b#c",
  ])
  func `a URL that would have to be rewritten is refused`(_ target: String) async throws {
    let error = try await withClient(plain) { client in
      await client.failure(HTTPRequest(method: "GET", url: plain + target))
    }
    #expect(error?.kind == .invalidRequest)
  }

  @Test(arguments: [
    ("X-A", "a\r\nHost: evil.example"), ("X-A", "a\nb"), ("X-A", "a\rb"), ("X-A", "a\u{0}b"),
    ("X-A", "a\u{7f}"), ("X-A", "ä"), ("X-A", " a"), ("X-A\r\nB", "a"), ("X-A: b\r\nC", "a"),
    ("X A", "a"), ("", "a"), ("Host", "evil.example"), ("content-length", "0"),
    ("Transfer-Encoding", "chunked"), ("Connection", "close"), ("Accept-Encoding", "gzip"),
  ])
  func `a field that would break out of its line is refused`(
    _ name: String, _ value: String
  ) async throws {
    let error = try await withClient(plain) { client in
      await client.failure(
        HTTPRequest(method: "GET", url: plain + "/echo", headers: [HTTPField(name, value)]))
    }
    #expect(error?.kind == .invalidRequest)
    #expect(error?.mayHaveBeenSent == false)
  }

  @Test(arguments: ["", "get", "GET /evil HTTP/1.1\r\nX:", "GE T", "GET\r\n", "ÄÖ"])
  func `a method is a word in upper case`(_ method: String) async throws {
    let error = try await withClient(plain) { client in
      await client.failure(HTTPRequest(method: method, url: plain + "/echo"))
    }
    #expect(error?.kind == .invalidRequest)
  }

  @Test(arguments: [
    "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.31.0.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "[fd00::1]", "[64:ff9b::7f00:1]",
    "[::]", "224.0.0.1",
  ])
  func `a public host that resolves to a private address is not connected to`(
    _ address: String
  ) async throws {
    let error = try await withClient("https://api.x.com") { configuration in
      configuration.pinnedAddresses = ["api.x.com:443:\(address)"]
    } body: { client in
      await client.failure(HTTPRequest(method: "POST", url: "https://api.x.com/oauth"))
    }
    #expect(error?.kind == .refusedAddress, "\(String(describing: error))")
    #expect(error?.mayHaveBeenSent == false)
  }

  @Test func `localhost that resolves to another machine is not connected to`() async throws {
    let error = try await withClient("http://localhost:9") { configuration in
      configuration.pinnedAddresses = ["localhost:9:192.0.2.1"]
    } body: { client in
      await client.failure(HTTPRequest(method: "GET", url: "http://localhost:9/"))
    }
    // libcurl knows localhost itself and does not ask; nobody listens there.
    #expect(error?.kind == .refusedAddress || error?.kind == .connect)
    #expect(error?.mayHaveBeenSent == false)
  }
}

@Suite struct AddressPolicies {
  /// The first and the last address of each special block, and their neighbours outside.
  @Test(
    arguments: [
      (0x0100_0000, true), (0x00FF_FFFF, false), (0x09FF_FFFF, true), (0x0A00_0000, false),
      (0x0AFF_FFFF, false), (0x0B00_0000, true), (0x643F_FFFF, true), (0x6440_0000, false),
      (0x647F_FFFF, false), (0x6480_0000, true), (0x7EFF_FFFF, true), (0x7F00_0000, false),
      (0x7FFF_FFFF, false), (0x8000_0000, true), (0xA9FD_FFFF, true), (0xA9FE_0000, false),
      (0xA9FE_FFFF, false), (0xA9FF_0000, true), (0xAC0F_FFFF, true), (0xAC10_0000, false),
      (0xAC1F_FFFF, false), (0xAC20_0000, true), (0xC000_0000, false), (0xC000_0100, true),
      (0xC000_02FF, false), (0xC0A7_FFFF, true), (0xC0A8_0000, false), (0xC0A8_FFFF, false),
      (0xC0A9_0000, true), (0xC611_FFFF, true), (0xC612_0000, false), (0xC613_FFFF, false),
      (0xC614_0000, true), (0xC633_64FF, false), (0xCB00_7100, false), (0xDFFF_FFFF, true),
      (0xE000_0000, false), (0xFFFF_FFFF, false),
    ] as [(UInt32, Bool)])
  func `public IPv4 is what is in no special block`(_ bits: UInt32, _ isPublic: Bool) {
    #expect(AddressPolicy.publicInternet.allows(.v4(bits)) == isPublic)
    #expect(AddressPolicy.loopback.allows(.v4(bits)) == (bits >> 24 == 127))
    let translated = Address.v6(high: 0x0064_FF9B_0000_0000, low: UInt64(bits))
    #expect(AddressPolicy.publicInternet.allows(translated) == isPublic)
    let mapped = Address.v6(high: 0, low: 0xFFFF_0000_0000 | UInt64(bits))
    #expect(!AddressPolicy.publicInternet.allows(mapped))
    #expect(!AddressPolicy.loopback.allows(mapped))
  }

  @Test(
    arguments: [
      (0x2606_4700_0000_0000, true), (0x2000_0000_0000_0000, true), (0x3FFE_FFFF_FFFF_FFFF, true),
      (0x2001_01FF_FFFF_FFFF, false), (0x2001_0200_0000_0000, true),
      (0x2001_0DB8_FFFF_FFFF, false), (0x2001_0DB9_0000_0000, true),
      (0x2002_7F00_0001_0000, false), (0x2003_0000_0000_0000, true),
      (0x3FFF_0FFF_FFFF_FFFF, false), (0x3FFF_1000_0000_0000, true),
      (0x1FFF_FFFF_FFFF_FFFF, false), (0x4000_0000_0000_0000, false), (0, false),
      (0xFC00_0000_0000_0000, false), (0xFE80_0000_0000_0000, false),
      (0xFF02_0000_0000_0000, false),
    ] as [(UInt64, Bool)])
  func `public IPv6 is global unicast without its special blocks`(
    _ high: UInt64, _ isPublic: Bool
  ) {
    #expect(AddressPolicy.publicInternet.allows(.v6(high: high, low: 1)) == isPublic)
    #expect(AddressPolicy.loopback.allows(.v6(high: high, low: 1)) == (high == 0))
  }
}

@Suite struct Origins {
  @Test(arguments: [
    "https://api.x.com", "https://api.x.com:8443", "http://127.0.0.1:8480", "http://127.0.0.1",
    "http://localhost:1", "http://[::1]:65535", "https://[2606:4700::1111]",
  ])
  func `an origin in its normal spelling is taken`(_ text: String) throws {
    #expect(try Origin(text).description == text)
  }

  @Test(arguments: [
    ("ftp://api.x.com", OriginError.scheme), ("HTTPS://api.x.com", .scheme), ("", .scheme),
    ("https://", .host), ("https://API.x.com", .host), ("https://api.x.com.", .host),
    ("https://.x.com", .host), ("https://user@api.x.com", .host), ("https://api.x.com/", .host),
    ("https://[api]", .host), ("https://[::1", .host), ("https://api.x.com:443", .port),
    ("http://127.0.0.1:80", .port), ("https://api.x.com:", .port), ("https://api.x.com:0", .port),
    ("https://api.x.com:01", .port), ("https://api.x.com:65536", .port),
    ("https://[::1]x", .port), ("http://api.x.com", .insecure), ("http://127.1", .insecure),
    ("http://127.0.0.1.evil.example", .insecure), ("http://10.0.0.1", .insecure),
  ])
  func `any other is refused`(_ text: String, _ reason: OriginError) {
    #expect(throws: reason) { try Origin(text) }
  }
}
