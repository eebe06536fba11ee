internal import LinkAPI
internal import OpenSSL
internal import RPC
internal import TextCoding

/// Which client certificate, or certificates, an entry lets in.
enum CertificateSubject: Hashable {
  /// The one with this SHA-256.
  case fingerprint([UInt8])
  case dnsName(String)
  case uri(String)

  static let idLength = 16

  /// What a certificate that was shown can have been let in by, the most particular first.
  static func all(of certificate: PeerCertificate) -> some Sequence<CertificateSubject> {
    let names = certificate.dnsNames.map(CertificateSubject.dnsName)
    let all = [.fingerprint(certificate.fingerprint)] + names + certificate.uris.map { .uri($0) }
    return all.prefix(LinkLimits.certificateNames)
  }

  /// Where its entry is: the same subject has one place, so that it speaks for one tenant.
  var id: [UInt8] {
    let text =
      switch self {
      case .fingerprint(let digest): "sha256:" + Hex.encode(digest)
      case .dnsName(let name): "dns:" + name
      case .uri(let uri): "uri:" + uri
      }
    return Array(Digest.sha256(Array(text.utf8)).prefix(Self.idLength))
  }
}

extension RequestCheck {
  private static let digestLength = 32

  /// The subject of a certificate that is to be let in.
  mutating func subject(_ subject: Certificate.Subject?) -> CertificateSubject? {
    switch subject {
    case .sha256Fingerprint(let text):
      let digest = Hex.decode(text.utf8).flatMap { $0.count == Self.digestLength ? $0 : nil }
      // Hex has two spellings; a fingerprint has one.
      let isDigest = digest.map { Hex.encode($0).utf8.elementsEqual(text.utf8) } ?? false
      require(
        isDigest, "certificate.sha256_fingerprint", "must be 64 lower-case hexadecimal digits")
      return digest.map { .fingerprint($0) }
    case .dnsName(let name):
      require(
        Self.isVisible(name, upTo: LinkLimits.dnsNameLength)
          && name.utf8.elementsEqual(name.lowercased().utf8), "certificate.dns_name",
        "must be 1 to \(LinkLimits.dnsNameLength) visible ASCII characters in lower case")
      return .dnsName(name)
    case .uri(let uri):
      require(
        Self.isVisible(uri, upTo: LinkLimits.certificateURILength) && uri.contains(":"),
        "certificate.uri",
        "must be a URI of at most \(LinkLimits.certificateURILength) visible ASCII characters")
      return .uri(uri)
    case nil:
      require(
        false, "certificate.subject", "must be a sha256_fingerprint, a dns_name or a uri")
      return nil
    }
  }
}
