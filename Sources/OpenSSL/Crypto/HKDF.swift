import COpenSSL

/// Key derivation by RFC 5869, wrapping `EVP_PKEY_derive`.
public enum HKDF {
  /// The most that one derivation may give: 255 blocks of SHA-256, a limit of the RFC.
  public static let maximumSHA256Output = 255 * 32

  /// Derives `count` bytes from `secret`, bound to `info`.
  ///
  /// - Parameters:
  ///   - secret: Input keying material of full entropy; a password is not.
  ///   - salt: May be empty; different salts give independent keys.
  ///   - info: What the key is for. Two purposes never share one.
  public static func sha256(
    secret: SecretBytes, salt: [UInt8] = [], info: [UInt8], count: Int
  ) throws(CryptoError) -> SecretBytes {
    guard secret.count > 0 else { throw .invalidLength("input keying material") }
    guard 1...maximumSHA256Output ~= count else { throw .invalidLength("derived key") }
    guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "HKDF", nil) else {
      throw .failed("EVP_PKEY_CTX_new_from_name")
    }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    try unsafe configure(context, secret, salt, info)
    return try SecretBytes(count: count) { output throws(CryptoError) in
      var length = output.count
      let result = unsafe output.withUnsafeMutableBufferPointer {
        unsafe EVP_PKEY_derive(context, $0.baseAddress, &length)
      }
      guard result == 1, length == count else { throw .failed("EVP_PKEY_derive") }
    }
  }

  private static func configure(
    _ context: OpaquePointer, _ secret: SecretBytes, _ salt: [UInt8], _ info: [UInt8]
  ) throws(CryptoError) {
    guard
      let keyLength = CInt(exactly: secret.count), let saltLength = CInt(exactly: salt.count),
      let infoLength = CInt(exactly: info.count)
    else { throw .invalidLength("key derivation input") }
    guard
      unsafe EVP_PKEY_derive_init(context) == 1,
      unsafe EVP_PKEY_CTX_set_hkdf_md(context, Algorithms.sha256) == 1,
      unsafe EVP_PKEY_CTX_set1_hkdf_salt(context, salt, saltLength) == 1,
      unsafe EVP_PKEY_CTX_add1_hkdf_info(context, info, infoLength) == 1
    else { throw .failed("EVP_PKEY_derive_init") }
    let result = secret.withBytes { secret in
      unsafe secret.withUnsafeBufferPointer {
        unsafe EVP_PKEY_CTX_set1_hkdf_key(context, $0.baseAddress, keyLength)
      }
    }
    guard result == 1 else { throw .failed("EVP_PKEY_CTX_set1_hkdf_key") }
  }
}
