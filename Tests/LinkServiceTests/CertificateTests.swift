import LinkAPI
import LinkService
import Protobuf
import RPC
import Synchronization
import Testing

/// T128, behind TLS: whom a certificate that has been verified speaks for.
@Suite struct `Client certificates` {
  private static let shop = PeerCertificate(
    fingerprint: [UInt8](repeating: 7, count: 32), dnsNames: ["shop.example", "b.example"],
    uris: ["spiffe://corp/shop"], lastSecond: 1_800_003_600)
  private static let subjects: [Certificate.Subject] = [
    .sha256Fingerprint(String(repeating: "07", count: 32)), .dnsName("shop.example"),
    .dnsName("b.example"), .uri("spiffe://corp/shop"),
  ]

  @Test(arguments: subjects)
  func `a certificate is known by its fingerprint or by any of its names`(
    _ subject: Certificate.Subject
  ) async throws {
    let world = World()
    #expect(await world.refusal(showing: Self.shop)?.code == .unauthenticated)
    let made = try await world.letIn(subject)
    #expect(made.name.hasPrefix("tenants/acme/certificates/"))
    #expect(await world.refusal(showing: Self.shop) == nil)
    // T114: the scope decides for certificates as for tokens.
    let refused = await world.refusal(showing: Self.shop, "StartLink")
    #expect(refused?.code == .permissionDenied)
    try await world.shutOut(made.name)
    #expect(await world.refusal(showing: Self.shop)?.code == .unauthenticated)
  }

  @Test(arguments: [
    Certificate.Subject.dnsName("example"), .dnsName("*.example"), .dnsName("shop.example."),
    .uri("spiffe://corp/shop/"), .uri("spiffe://corp/Shop"), .uri("shop:example"),
    .sha256Fingerprint(String(repeating: "08", count: 32)),
  ])
  func `nothing that only looks like it is it`(_ subject: Certificate.Subject) async throws {
    let world = World()
    _ = try await world.letIn(subject)
    #expect(await world.refusal(showing: Self.shop)?.code == .unauthenticated)
  }

  @Test func `an entry that has run out lets nobody in, and can be made anew`() async throws {
    let world = World()
    _ = try await world.letIn(Self.subjects[1], expiring: world.time.now + 60)
    #expect(await world.refusal(showing: Self.shop) == nil)
    world.time.advance(by: 60)
    #expect(await world.refusal(showing: Self.shop)?.code == .unauthenticated)
    _ = try await world.letIn(Self.subjects[1], tenant: "other")
    #expect(await world.refusal(showing: Self.shop) == nil)
  }

  @Test func `a certificate that runs out while its connection is open is good no more`()
    async throws
  {
    let world = World()
    _ = try await world.letIn(Self.subjects[1])
    let token = try await world.issue([.read])
    world.time.advance(by: 3600)
    #expect(await world.refusal(showing: Self.shop) == nil)
    world.time.advance(by: 1)
    #expect(await world.refusal(showing: Self.shop)?.code == .unauthenticated)
    // Then its holder is who his token says.
    #expect(await world.refusal(showing: Self.shop, token: token) == nil)
  }

  @Test func `one subject speaks for one tenant`() async throws {
    let world = World()
    _ = try await world.letIn(Self.subjects[1])
    let error = try await error { () throws(RPCError) in
      try await world.letIn(Self.subjects[1], tenant: "other")
    }
    #expect(error.code == .alreadyExists)
    #expect(error.reason == "CERTIFICATE_EXISTS")
  }

  @Test func `a token of another tenant is no good over this connection, nor is a bad one`()
    async throws
  {
    let world = World()
    _ = try await world.letIn(Self.subjects[1])
    let own = try await world.issue([.link])
    let others = try await world.issue([.link, .read], tenant: "other")
    #expect(await world.refusal(showing: Self.shop, token: others)?.code == .unauthenticated)
    #expect(world.trail.events.last?.detail == "another's certificate")
    #expect(await world.refusal(showing: Self.shop, token: "linkd_no")?.code == .unauthenticated)
    // What the token may do, and not what the certificate may.
    #expect(await world.refusal(showing: Self.shop, token: own)?.code == .permissionDenied)
    #expect(await world.refusal(showing: Self.shop, "StartLink", token: own) == nil)
  }

  @Test func `the most particular entry counts`() async throws {
    let world = World()
    _ = try await world.letIn(Self.subjects[3], tenant: "other")
    _ = try await world.letIn(Self.subjects[0], tenant: "acme")
    let tenant = Mutex("")
    _ = await world.refusal(showing: Self.shop) { caller in tenant.withLock { $0 = caller } }
    #expect(tenant.withLock(\.self).contains("\"acme\""))
  }

  @Test(arguments: [
    Certificate.Subject.sha256Fingerprint("07"),
    .sha256Fingerprint(String(repeating: "A", count: 64)),
    .dnsName(""), .dnsName("Shop.example"), .dnsName("a b"),
    .dnsName(String(repeating: "a", count: 254)),
    .uri("shop"), .uri(""), .uri("a:\u{e4}"),
  ])
  func `a subject must be one`(_ subject: Certificate.Subject) async throws {
    let error = try await error { () throws(RPCError) in try await World().letIn(subject) }
    #expect(error.code == .invalidArgument)
  }

  @Test func `pages hold every certificate once, and deleting one that is not there fails`()
    async throws
  {
    let world = World()
    var names: Set<String> = []
    for index in 0..<7 { names.insert(try await world.letIn(.dnsName("h\(index)")).name) }
    var request = ListCertificatesRequest()
    (request.parent, request.pageSize) = ("tenants/-", 3)
    var found: [String] = []
    repeat {
      let page = try await world.admin.listCertificates(
        request, options: try await world.adminOptions())
      found += page.certificates.map(\.name)
      request.pageToken = page.nextPageToken
    } while !request.pageToken.isEmpty && found.count < 100
    #expect(found.count == 7 && Set(found) == names)
    let name = try #require(names.first)
    for missing in [name.replacing("acme", with: "acme2"), name.dropLast(2) + "ff"] {
      let error = try await error { () throws(RPCError) in try await world.shutOut("\(missing)") }
      #expect(error.reason == "CERTIFICATE_NOT_FOUND")
    }
  }
}

extension World {
  fileprivate func letIn(
    _ subject: Certificate.Subject, tenant: String = "acme", expiring: Int64? = nil
  ) async throws(RPCError) -> Certificate {
    var request = CreateCertificateRequest()
    request.parent = "tenants/\(tenant)"
    var certificate = Certificate()
    certificate.subject = subject
    certificate.scopes = [.read]
    certificate.expireTime = expiring.map { Timestamp(seconds: $0) }
    request.certificate = certificate
    return try await admin.createCertificate(request, options: try await adminOptions())
      .certificate ?? Certificate()
  }

  fileprivate func shutOut(_ name: String) async throws(RPCError) {
    var request = DeleteCertificateRequest()
    request.name = name
    _ = try await admin.deleteCertificate(request, options: try await adminOptions())
  }

  /// How a call ends that comes over a connection with this certificate; nil if it is let in.
  fileprivate func refusal(
    showing certificate: PeerCertificate, _ method: String = "ListAccounts", token: String? = nil,
    _ caller: @escaping @Sendable (String) -> Void = { _ in }
  ) async -> RPCError? {
    var metadata = Metadata()
    if let token { metadata.append("Bearer \(token)", for: "authorization") }
    let context = ServerContext(
      path: "/link.v1.LinkService/\(method)", peer: Peer(Connection(certificate)),
      metadata: metadata)
    do {
      try await Authenticator(store: store, clock: time.clock, trail: trail)
        .pass(context) { context in caller("\(String(describing: context.identity))") }
      return nil
    } catch { return error as? RPCError }
  }
}

private final class Connection: PeerSource {
  let peerAddress = "192.0.2.7:4711"
  let peerCertificate: PeerCertificate?
  init(_ certificate: PeerCertificate) { peerCertificate = certificate }
}
