import HTTPClient
import Testing

/// Providers speak HTTP/2 where the client offers it, which libcurl does over TLS.
@Suite(.timeLimit(.minutes(1))) struct OverHTTP2 {
  private let servers: Servers
  private let origin: String

  init() throws {
    servers = try Servers.shared.get()
    origin = servers.origin("http2", scheme: "https", host: "localhost")
  }

  private func withHTTP2<Value>(_ body: (HTTPClient) async throws -> Value) async throws -> Value {
    try await withClient(origin) { configuration in
      configuration.trustFile = "\(servers.folder)/ca.pem"
    } body: { client in
      try await body(client)
    }
  }

  @Test func `requests are answered, and repeatable ones share a connection`() async throws {
    try await withHTTP2 { client in
      let first = try await client.get(origin + "/a?b=c").text
      #expect(first.hasSuffix(" GET /a?b=c "))
      let second = try await client.get(origin + "/d").text
      #expect(second.prefix(2) == first.prefix(2))
      let post = try await client.send(
        HTTPRequest(method: "POST", url: origin + "/e", body: Array("x=1".utf8)))
      #expect(post.text.hasSuffix(" POST /e x=1"))
      #expect(post.text.prefix(2) != first.prefix(2))
      #expect(post.header("X-A") == "b")
    }
  }

  @Test func `an answer over the limit is refused`() async throws {
    try await withHTTP2 { client in
      let error = await client.failure(HTTPRequest(method: "GET", url: origin + "/big"))
      #expect(error?.kind == .tooLarge, "\(String(describing: error))")
    }
  }

  @Test func `what must not be sent twice is not, not even if the server refused it`() async throws
  {
    try await withHTTP2 { client in
      let error = await client.failure(HTTPRequest(method: "POST", url: origin + "/refused"))
      #expect(error?.kind == .malformed, "\(String(describing: error))")
      #expect(error?.mayHaveBeenSent == true)
    }
    let plain = servers.origin("plain")
    let counts = try await withClient(plain) { try await $0.get(plain + "/count").text }
    #expect(counts.contains("\"h2/refused\": 1"), "\(counts)")
  }
}
