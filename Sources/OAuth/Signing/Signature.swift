import OpenSSL
import TextCoding

/// The HMAC-SHA1 signature of RFC 5849 section 3.4.2.
///
/// SHA-1 no longer resists collisions, but an HMAC does not rest on that, and providers take
/// nothing else.
enum Signature {
  /// The value of `oauth_signature_method`.
  static let method = "HMAC-SHA1"

  /// The value of `oauth_signature`, in base64.
  static func hmacSHA1(of baseString: String, clientSecret: Secret, tokenSecret: Secret?) -> String
  {
    // The ampersand is there "even when either secret is empty".
    var key =
      clientSecret.percentEncoded() + [UInt8(ascii: "&")]
      + (tokenSecret?.percentEncoded() ?? [])
    let code = HMAC.sha1(key: SecretBytes(cleansing: &key), message: Array(baseString.utf8))
    return String(decoding: Base64.encode(code), as: UTF8.self)
  }
}
