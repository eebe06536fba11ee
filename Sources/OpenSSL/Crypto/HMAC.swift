import COpenSSL

/// Message authentication codes by RFC 2104.
///
/// Like `Digest` they cannot fail short of a libcrypto that is out of memory. Compare codes with
/// `constantTimeEquals`, never with `==`.
public enum HMAC {
  /// HMAC-SHA-1, 20 bytes: what OAuth 1.0a signs with.
  ///
  /// Still unforgeable, unlike SHA-1 itself.
  public static func sha1(key: Span<UInt8>, message: Span<UInt8>) -> [UInt8] {
    unsafe code(Algorithms.hmacSHA1, key, message, count: 20)
  }

  /// HMAC-SHA-1 over arrays.
  public static func sha1(key: [UInt8], message: [UInt8]) -> [UInt8] {
    sha1(key: key.span, message: message.span)
  }

  /// HMAC-SHA-1 under a key that stays inside its `SecretBytes`.
  public static func sha1(key: SecretBytes, message: [UInt8]) -> [UInt8] {
    key.withBytes { sha1(key: $0, message: message.span) }
  }

  /// HMAC-SHA-256, 32 bytes.
  public static func sha256(key: Span<UInt8>, message: Span<UInt8>) -> [UInt8] {
    unsafe code(Algorithms.hmacSHA256, key, message, count: 32)
  }

  /// HMAC-SHA-256 over arrays.
  public static func sha256(key: [UInt8], message: [UInt8]) -> [UInt8] {
    sha256(key: key.span, message: message.span)
  }

  /// HMAC-SHA-256 under a key that stays inside its `SecretBytes`.
  public static func sha256(key: SecretBytes, message: [UInt8]) -> [UInt8] {
    key.withBytes { sha256(key: $0, message: message.span) }
  }

  private static func code(
    _ template: OpaquePointer, _ key: Span<UInt8>, _ message: Span<UInt8>, count: Int
  ) -> [UInt8] {
    guard let context = unsafe EVP_MAC_CTX_dup(template) else {
      preconditionFailure("EVP_MAC_CTX_dup failed")
    }
    defer { unsafe EVP_MAC_CTX_free(context) }
    let keyed = unsafe key.withUnsafeBufferPointer { key in
      // To EVP_MAC_init a null key means "keep the old one", but an empty key is a legal key.
      var empty: UInt8 = 0
      guard let start = key.baseAddress else {
        return unsafe EVP_MAC_init(context, &empty, 0, nil)
      }
      return unsafe EVP_MAC_init(context, start, key.count, nil)
    }
    let updated = unsafe message.withUnsafeBufferPointer { message in
      unsafe EVP_MAC_update(context, message.baseAddress, message.count)
    }
    var output = [UInt8](repeating: 0, count: count)
    var written = 0
    let finished = unsafe EVP_MAC_final(context, &output, &written, output.count)
    precondition(keyed == 1 && updated == 1 && finished == 1 && written == count, "HMAC failed")
    return output
  }
}
