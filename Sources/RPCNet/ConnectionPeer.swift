internal import Linux
package import Net
internal import OpenSSL
package import RPC

extension Connection: PeerSource {
  /// The address, as the kernel names it; of a process on this machine, who it is.
  package var peerAddress: String {
    guard let who = peerCredentials else { return peer.description }
    return "unix:pid=\(who.process),uid=\(who.user),gid=\(who.group)"
  }

  /// What TLS has verified.
  package var peerCertificate: PeerCertificate? { verifiedPeer.map(PeerCertificate.init) }
}

extension PeerCertificate {
  fileprivate init(_ certificate: TLSPeerCertificate) {
    var (dnsNames, uris): ([String], [String]) = ([], [])
    for name in certificate.names {
      switch name {
      case .dns(let name): dnsNames.append(name)
      case .uri(let uri): uris.append(uri)
      }
    }
    self.init(
      fingerprint: certificate.fingerprint, dnsNames: dnsNames, uris: uris,
      lastSecond: certificate.lastSecond)
  }
}
