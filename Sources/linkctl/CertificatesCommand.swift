internal import ArgumentParser
internal import Console
internal import LinkAPI
internal import Protobuf

/// Groups what is done with the client certificates that callers authenticate with.
struct CertificatesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certificates",
    abstract: "Say whose client certificates may call linkd; needs the scope admin.",
    subcommands: [CertificatesCreate.self, CertificatesList.self, CertificatesDelete.self])
}

/// The command line of `linkctl certificates create`, read.
struct CertificatesCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Let a client certificate speak for a tenant.",
    discussion: """
      The certificate must come from an authority of 'linkd serve --client-ca'. It is known by its \
      fingerprint, or by a name among its subject alternative names.

      EXAMPLES
        linkctl certificates create --tenant shop --scopes read,link --dns shop.internal
        linkctl certificates create --tenant shop --scopes sign --uri spiffe://corp/shop --days 90
        linkctl certificates create --tenant shop --scopes read --fingerprint \\
          $(openssl x509 -in shop.pem -outform DER | sha256sum | cut -c-64)
      """)

  @Option(help: "The calling service that it speaks for.")
  var tenant: String

  @Option(
    help: ArgumentHelp(
      "What it may do, with commas between: \(Scope.words.joined(separator: ", ")).",
      valueName: "scopes"))
  var scopes: ScopeList

  @Option(help: ArgumentHelp("The certificate with this SHA-256.", valueName: "hex"))
  var fingerprint: String?

  @Option(help: ArgumentHelp("Certificates with this DNS name.", valueName: "name"))
  var dns: String?

  @Option(help: ArgumentHelp("Certificates with this URI.", valueName: "uri"))
  var uri: String?

  @Option(help: "After how many days it ends. Default: never.")
  var days: Int64?

  @OptionGroup(title: "Server") var server: ServerOptions

  mutating func validate() throws {
    guard (1...TokensCreate.mostDays).contains(days ?? 1) else {
      throw ValidationError("--days must be 1 to \(TokensCreate.mostDays)")
    }
    guard subjects.count == 1 else {
      throw ValidationError("give one of --fingerprint, --dns and --uri")
    }
  }

  private var subjects: [Certificate.Subject] {
    [
      fingerprint.map { .sha256Fingerprint($0) }, dns.map { .dnsName($0) }, uri.map { .uri($0) },
    ].compactMap(\.self)
  }

  func run() async throws {
    var certificate = Certificate()
    certificate.subject = subjects.first
    certificate.scopes = scopes.values
    certificate.expireTime = days.map { Timestamp(daysFromNow: $0) }
    var request = CreateCertificateRequest()
    request.parent = "tenants/\(tenant)"
    request.certificate = certificate
    let response = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.createCertificate(request)
    }
    guard let made = response.certificate else {
      throw Failure(.serverFault, "linkd answered without a certificate")
    }
    try Output(format: server.output)
      .result(CertificateView(made), text: "let in: \(made.name)".printable + "\n")
  }
}

/// The command line of `linkctl certificates list`, read.
struct CertificatesList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the client certificates that may call.",
    discussion: """
      EXAMPLES
        linkctl certificates list
        linkctl certificates list --tenant shop --output json
      """)

  @Option(help: "Only those of this tenant. Default: of all.")
  var tenant: String?

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = ListCertificatesRequest()
    request.parent = "tenants/\(tenant ?? "-")"
    let found = try await Linkd.connected(server.settings()) { [request] linkd in
      try await Pages.all { page throws(Failure) in
        var request = request
        (request.pageToken, request.pageSize) = (page.token, page.size)
        let response = try await linkd.listCertificates(request)
        return (response.certificates, response.nextPageToken)
      }
    }
    let view = CertificateListView(certificates: found.map(CertificateView.init))
    try Output(format: server.output).result(view, text: view.text)
  }
}

/// The command line of `linkctl certificates delete`, read.
struct CertificatesDelete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Let a client certificate speak for its tenant no longer.",
    discussion: """
      EXAMPLES
        linkctl certificates delete tenants/shop/certificates/00112233445566778899aabbccddeeff
      """)

  @Argument(help: "The name of the certificate, as 'certificates list' shows it.")
  var name: String

  @Flag(help: "Do not fail if there is no such certificate.")
  var allowMissing = false

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = DeleteCertificateRequest()
    request.name = name
    request.allowMissing = allowMissing
    _ = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.deleteCertificate(request)
    }
    let view = DeletedView(name: name)
    try Output(format: server.output).result(view, text: "deleted: \(name)".printable + "\n")
  }
}

/// A client certificate as linkctl prints it.
struct CertificateView: Encodable {
  var name: String
  var subject: String
  var scopes: [String]
  var createTime: String?
  var expireTime: String?

  init(_ certificate: Certificate) {
    name = certificate.name
    subject =
      switch certificate.subject {
      case .sha256Fingerprint(let digest): "sha256:\(digest)"
      case .dnsName(let name): "dns:\(name)"
      case .uri(let uri): "uri:\(uri)"
      case nil: ""
      }
    scopes = certificate.scopes.map(\.word)
    createTime = certificate.createTime?.text
    expireTime = certificate.expireTime?.text
  }
}

/// What `certificates list` prints.
struct CertificateListView: Encodable {
  var certificates: [CertificateView]

  /// A table, one certificate a line.
  var text: String {
    let header = ["CERTIFICATE", "SUBJECT", "SCOPES", "ENDS"]
    let rows = certificates.map { certificate in
      [
        certificate.name, certificate.subject, certificate.scopes.joined(separator: ","),
        certificate.expireTime ?? "never",
      ].map(\.printable)
    }
    return certificates.isEmpty ? "" : Table(header: header, rows: rows).text
  }
}
