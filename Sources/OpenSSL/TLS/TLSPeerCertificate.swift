import COpenSSL

/// The certificate that the other end of a connection has proved to own.
public struct TLSPeerCertificate: Hashable, Sendable {
  /// SHA-256 of its DER.
  public let fingerprint: [UInt8]
  /// Its alternative names.
  ///
  /// The subject's common name is free text and does not count.
  public let names: [TLSPeerName]
  /// Its last second, counted from 1970 (RFC 5280 section 4.1.2.5).
  public let lastSecond: Int64

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
    guard let end = unsafe Self.lastSecond(of: certificate) else { return nil }
    lastSecond = end
  }

  private static func lastSecond(of certificate: OpaquePointer) -> Int64? {
    guard let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
    defer { unsafe ASN1_TIME_free(epoch) }
    var (days, seconds): (CInt, CInt) = (0, 0)
    let end = unsafe X509_get0_notAfter(certificate)
    guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, end) == 1 else { return nil }
    return Int64(days) * 86_400 + Int64(seconds)
  }
}
