import OpenSSL
import Testing

@Suite("TLS verification (T127, T128)")
struct TLSVerificationTests {
  @Test(arguments: [
    "localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1", "a.wild.example",
  ])
  func `a certificate is good for the names in it`(_ name: String) throws {
    let pair = try TLSPair(name: name)
    pair.run()
    #expect(pair.clientIsComplete, "\(String(describing: pair.clientFailure))")
  }

  @Test(arguments: [
    "localhost.example", "example", "127.0.0.2", "::2", "wild.example", "a.b.wild.example",
    "local",
  ])
  func `a certificate is not good for any other name`(_ name: String) throws {
    let pair = try TLSPair(name: name)
    try pair.client.send([1].span)
    pair.run()
    #expect(pair.clientFailure?.kind == .certificateRejected)
    #expect(pair.clientFailure?.message.contains("mismatch") == true)
    #expect(pair.serverFailure != nil && pair.atServer.isEmpty)
  }

  @Test(arguments: [
    ("expired", "expired"), ("early", "not yet valid"), ("unknown", "unable to get local issuer"),
    ("self", "self-signed"), ("nameless", "mismatch"), ("wrongusage", "purpose"),
    ("incomplete", "unable to get local issuer"), ("unchained", "invalid CA"),
    ("constrained", "permitted subtree"),
  ])
  func `a bad certificate is refused and the error says why`(
    _ name: String, _ reason: String
  ) throws {
    let pair = try TLSPair(server: TestCertificates.server(name))
    try pair.client.send([1].span)
    pair.run()
    #expect(pair.clientFailure?.kind == .certificateRejected)
    let message = pair.clientFailure?.message ?? ""
    #expect(message.contains(reason), "\(message)")
    #expect(!pair.clientIsComplete && pair.atServer.isEmpty)
  }

  @Test func `a chain through an intermediate authority is good`() throws {
    let pair = try TLSPair(server: TestCertificates.server("chained"))
    pair.run()
    #expect(pair.clientIsComplete)
  }

  @Test func `without a trust file the test authority is not trusted`() throws {
    let pair = try TLSPair(client: .client())
    pair.run()
    #expect(pair.clientFailure?.kind == .certificateRejected)
  }

  @Test func `a client certificate names its owner once it is verified`() throws {
    let pair = try TLSPair(
      client: TestCertificates.client("client"),
      server: TestCertificates.server(clientCA: "ca.pem", requiresClientCertificate: true))
    #expect(pair.serverNames.isEmpty)
    pair.run()
    #expect(
      pair.serverNames
        == [.dns("caller.example"), .uri("spiffe://example/caller")])
    #expect(pair.clientNames.contains(.dns("localhost")))
  }

  @Test(arguments: ["expiredclient", "foreignclient", "self"])
  func `a bad client certificate is refused even where none is required`(_ name: String) throws {
    let pair = try TLSPair(
      client: TestCertificates.client(name), server: TestCertificates.server(clientCA: "ca.pem"))
    pair.run()
    #expect(pair.serverFailure?.kind == .certificateRejected)
    #expect(pair.clientFailure != nil && pair.serverNames.isEmpty)
  }

  @Test(arguments: [true, false])
  func `a client without a certificate is refused only where one is required`(
    _ required: Bool
  ) throws {
    let pair = try TLSPair(
      server: TestCertificates.server(clientCA: "ca.pem", requiresClientCertificate: required))
    pair.run()
    #expect(pair.serverIsComplete == !required)
    #expect(pair.serverFailure?.kind == (required ? .certificateRejected : nil))
    #expect(pair.serverNames.isEmpty)
  }
}

@Suite("TLS negotiation")
struct TLSNegotiationTests {
  static let http11: [UInt8] = [8] + Array("http/1.1".utf8)
  static let http2: [UInt8] = [2] + Array("h2".utf8)

  @Test(arguments: [RawPeer.Version.tls12, .tls13])
  func `a client without HTTP 2 gets the alert no_application_protocol`(_ version: RawPeer.Version)
    throws
  {
    for protocols in [[], Self.http11] {
      var peer = try RawPeer(isServer: false, upTo: version, protocols: protocols)
      var ours = try TLSConnection(server: TestCertificates.server())
      let kind = peer.shakeHands(with: &ours)?.kind
      #expect(kind == .noApplicationProtocol)
      // Fatal, 120.
      #expect(peer.received.suffix(2) == [2, 120])
    }
  }

  @Test(arguments: [RawPeer.Version.tls12, .tls13])
  func `a client that also offers HTTP 2 is served`(_ version: RawPeer.Version) throws {
    var peer = try RawPeer(
      isServer: false, upTo: version, protocols: Self.http11 + Self.http2)
    var ours = try TLSConnection(server: TestCertificates.server())
    let failure = peer.shakeHands(with: &ours)
    #expect(failure == nil)
  }

  @Test(arguments: [true, false])
  func `who wants to renegotiate gets an alert and no handshake`(_ isServer: Bool) throws {
    var peer = try RawPeer(isServer: isServer, upTo: .tls12, protocols: Self.http2)
    var ours =
      isServer
      ? try TLSConnection(client: TestCertificates.client(), serverName: "localhost")
      : try TLSConnection(server: TestCertificates.server())
    #expect(failure { if let error = peer.shakeHands(with: &ours) { throw error } } == nil)
    var (plaintext, reply): ([UInt8], [UInt8]) = ([], [])
    try ours.receive(peer.renegotiate().span, appendingTo: &plaintext)
    ours.takeCiphertext(appendingTo: &reply)
    // One encrypted alert.
    #expect(reply.first == 21 && reply.count < 64)
  }

  @Test(arguments: [RawPeer.Version.tls10, .tls11])
  func `versions before TLS 1-2 get the alert protocol_version`(_ version: RawPeer.Version) throws {
    var peer = try RawPeer(isServer: false, upTo: version, protocols: Self.http2)
    var ours = try TLSConnection(server: TestCertificates.server())
    let failure = peer.shakeHands(with: &ours)
    #expect(failure?.kind == .handshakeFailed)
    // Fatal, 70.
    #expect(peer.received.suffix(2) == [2, 70])
  }

  @Test func `a server of TLS 1-1 is refused`() throws {
    var peer = try RawPeer(isServer: true, upTo: .tls11)
    var ours = try TLSConnection(client: TestCertificates.client(), serverName: "localhost")
    let kind = peer.shakeHands(with: &ours)?.kind
    #expect(kind == .handshakeFailed)
  }

  @Test(arguments: [RawPeer.Version.tls12, .tls13])
  func `a server that does not negotiate HTTP 2 is refused`(_ version: RawPeer.Version) throws {
    var peer = try RawPeer(isServer: true, upTo: version)
    var ours = try TLSConnection(client: TestCertificates.client(), serverName: "localhost")
    let kind = peer.shakeHands(with: &ours)?.kind
    #expect(kind == .noApplicationProtocol)
  }
}

@Suite("TLS configuration")
struct TLSConfigurationTests {
  @Test(arguments: [
    ("missing.pem", "server.key"), ("server.pem", "missing.key"), ("server.key", "server.key"),
    ("server.pem", "server.pem"), ("server.pem", "client.key"), ("server.pem", "encrypted.key"),
    ("weak.pem", "weak.key"), ("server.pem\0", "server.key"),
  ])
  func `files that do not make an identity are refused by name`(
    _ chain: String, _ key: String
  ) throws {
    let chain = try TestCertificates.path(chain)
    let key = try TestCertificates.path(key)
    #expect {
      try TLSConfiguration.server(certificateChainFile: chain, privateKeyFile: key)
    } throws: { error in
      guard let error = error as? TLSError else { return false }
      return error.kind == .configuration && !error.message.isEmpty
    }
  }

  @Test func `a trust file without certificates is refused`() throws {
    #expect(throws: TLSError.self) { try TestCertificates.client(trusting: "server.key") }
    #expect(throws: TLSError.self) { try TestCertificates.client(trusting: "missing.pem") }
    #expect(throws: TLSError.self) { try TestCertificates.server(clientCA: "server.key") }
    #expect(throws: TLSError.self) {
      try TestCertificates.server(requiresClientCertificate: true)
    }
  }

  @Test(arguments: [
    "", ".", "..", ".localhost", ".wild.example", "*.wild.example", "a..b", "a b", "::1%lo",
    "[::1]", "localhost:443", "a\0.example", "bücher.example", String(repeating: "a", count: 254),
  ])
  func `what cannot be a server's name is refused`(_ name: String) throws {
    let configuration = try TestCertificates.client()
    #expect(throws: TLSError.self) {
      _ = try TLSConnection(client: configuration, serverName: name)
    }
  }

  @Test func `a client's configuration does not serve, and the reverse`() throws {
    let client = try TestCertificates.client()
    let server = try TestCertificates.server()
    #expect(throws: TLSError.self) { _ = try TLSConnection(server: client) }
    #expect(throws: TLSError.self) {
      _ = try TLSConnection(client: server, serverName: "localhost")
    }
  }
}
