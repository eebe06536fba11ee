import HTTPClient
import Testing

/// T127: eleven bad certificates, an old version of TLS and a server that does not speak it.
@Suite(.timeLimit(.minutes(1))) struct TLS {
  private let servers: Servers

  init() throws { servers = try Servers.shared.get() }

  private func failure(
    _ server: String, host: String = "localhost", trusting authority: String? = "ca"
  ) async throws -> HTTPClientError? {
    let origin = servers.origin(server, scheme: "https", host: host)
    return try await withClient(origin) { configuration in
      configuration.trustFile = authority.map { "\(servers.folder)/\($0).pem" }
    } body: { client in
      await client.failure(HTTPRequest(method: "POST", url: origin + "/echo"))
    }
  }

  @Test(arguments: ["localhost", "127.0.0.1"])
  func `a certificate of the trusted authority for this host is good`(_ host: String) async throws {
    #expect(try await failure("good", host: host) == nil)
  }

  @Test(arguments: [
    "wrongHost", "stranger", "selfSigned", "expired", "early", "clientOnly", "weak", "oldDigest",
    "constrained", "unchained", "cutName", "tls11", "talker",
  ])
  func `any other is refused before anything is sent`(_ server: String) async throws {
    let error = try await failure(server)
    #expect(error?.kind == .tls, "\(String(describing: error))")
    #expect(error?.mayHaveBeenSent == false)
  }

  @Test func `the trust file replaces the system's authorities, and they do not know ours`()
    async throws
  {
    #expect(try await failure("good", trusting: nil)?.kind == .tls)
    #expect(try await failure("good", trusting: "stranger")?.kind == .tls)
    #expect(try await failure("good", trusting: "missing")?.kind == .tls)
  }
}
