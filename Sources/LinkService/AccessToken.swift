public import OpenSSL
internal import TextCoding
internal import Zlib

/// A bearer token as its holder writes it: `linkd_<id>_<secret>_<check>`, all in lower-case hex.
///
/// The prefix lets scanners for leaked secrets recognise one, the id finds its record, and the
/// check (CRC-32 of what stands before it) tells a mistyped token from a revoked one without a
/// look at the store. The secret part has 256 bits; only its SHA-256 is kept.
public struct AccessToken: Sendable {
  static let prefix = "linkd"
  static let idLength = 8
  static let secretLength = 32

  let id: [UInt8]
  let secret: [UInt8]

  /// A new token of random bytes; fails where the system has no randomness.
  public static func random() throws(CryptoError) -> AccessToken {
    AccessToken(id: try Random.bytes(idLength), secret: try Random.bytes(secretLength))
  }

  init(id: [UInt8], secret: [UInt8]) {
    self.id = id
    self.secret = secret
  }

  /// Reads a token; nil unless it is one to the letter.
  init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].elementsEqual(Self.prefix.utf8),
      let id = Hex.decode(parts[1]), id.count == Self.idLength,
      let secret = Hex.decode(parts[2]), secret.count == Self.secretLength
    else { return nil }
    self.init(id: id, secret: secret)
    guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
  }

  /// The token as text: show it once, to whom it is for.
  public var text: String {
    let body = "\(Self.prefix)_\(Hex.encode(id))_\(Hex.encode(secret))"
    return "\(body)_\(Hex.encode(CRC32.checksum(Array(body.utf8)).bigEndianBytes))"
  }

  /// What the store keeps of the secret part.
  var secretDigest: [UInt8] { Digest.sha256(secret) }
}

extension UInt32 {
  fileprivate var bigEndianBytes: [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> $0) }
  }
}
