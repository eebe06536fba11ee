import OpenSSL
import TextCoding

/// The secret that proves that whoever exchanges a code is who asked for it (RFC 7636).
public struct CodeVerifier: Sendable {
  /// The verifier itself, to be kept until the code has come.
  public let secret: Secret

  /// Takes a verifier that was kept.
  public init(_ secret: Secret) { self.secret = secret }

  /// Makes one out of random bytes, in the 43 characters of RFC 7636 section 4.1.
  ///
  /// At least 32 bytes are needed: 256 bits.
  public init(entropy: [UInt8]) throws(OAuthError) {
    guard entropy.count >= 32 else {
      throw OAuthError(.invalidParameter, "a code verifier needs at least 256 random bits")
    }
    secret = Secret(Self.base64URL(entropy))
  }

  /// What goes to the provider before: `BASE64URL(SHA256(ASCII(code_verifier)))`.
  ///
  /// The method `plain` would send the verifier itself, and is not offered.
  public var challenge: String {
    Self.base64URL(Digest.sha256(secret.copy()))
  }

  private static func base64URL(_ bytes: [UInt8]) -> String {
    let text = Base64.encode(bytes, padded: false).map { byte in
      switch byte {
      case UInt8(ascii: "+"): UInt8(ascii: "-")
      case UInt8(ascii: "/"): UInt8(ascii: "_")
      default: byte
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension CodeVerifier: Redacted {}
