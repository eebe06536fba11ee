import COpenSSL

/// The certificate that the other end of a connection has proved to own.
public struct TLSPeerCertificate: Hashable, Sendable {
  /// SHA-256 of its DER.
  public let fingerprint: [UInt8]
  /// Its alternative names.
  ///
  /// The subject's common name is free text and does not count.
  public let names: [TLSPeerName]

  /// Reads what matters of a certificate; nil if the library cannot.
  @unsafe
  init?(_ certificate: OpaquePointer) {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    let result = unsafe digest.withUnsafeMutableBufferPointer { room in
      unsafe X509_digest(certificate, EVP_sha256(), room.baseAddress, &length)
    }
    guard result == 1 else { return nil }
    fingerprint = Array(digest.prefix(Int(length)))
    names = unsafe TLSPeerName.names(of: certificate)
  }
}
