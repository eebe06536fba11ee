import COpenSSL

/// The algorithms this module offers, fetched from libcrypto once.
///
/// A fetch walks the providers under a lock and costs more than hashing a short message. What it
/// returns is immutable, reference counted and safe to use from every thread, and ours is kept
/// until the process ends.
@safe
enum Algorithms {
  nonisolated(unsafe) static let sha1 = unsafe found(EVP_MD_fetch(nil, "SHA1", nil), "SHA1")
  nonisolated(unsafe) static let sha256 = unsafe found(EVP_MD_fetch(nil, "SHA256", nil), "SHA256")
  nonisolated(unsafe) static let aes256GCM = unsafe found(
    EVP_CIPHER_fetch(nil, "AES-256-GCM", nil), "AES-256-GCM")

  /// Contexts that already know their digest.
  ///
  /// They are only ever duplicated, never used, so that
  /// no message pays for looking the digest up by its name.
  nonisolated(unsafe) static let hmacSHA1 = unsafe hmacTemplate("SHA1")
  nonisolated(unsafe) static let hmacSHA256 = unsafe hmacTemplate("SHA256")

  /// An algorithm that libcrypto has always had is missing only from a broken installation, in
  /// which no key can be protected: stopping is the only safe answer.
  private static func found(_ algorithm: OpaquePointer?, _ name: StaticString) -> OpaquePointer {
    guard let algorithm = unsafe algorithm else {
      preconditionFailure("libcrypto offers no \(name)")
    }
    return unsafe algorithm
  }

  private static func hmacTemplate(_ digest: String) -> OpaquePointer {
    let algorithm = unsafe found(EVP_MAC_fetch(nil, "HMAC", nil), "HMAC")
    defer { unsafe EVP_MAC_free(algorithm) }
    let context = unsafe found(EVP_MAC_CTX_new(algorithm), "HMAC context")
    let accepted = unsafe shim_EVP_MAC_CTX_set_digest(context, digest)
    precondition(accepted == 1, "libcrypto offers no HMAC with this digest")
    return unsafe context
  }
}
