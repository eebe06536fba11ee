import TextCoding

/// Makes a request unique: the nonce and the timestamp of RFC 5849 section 3.3.
///
/// Given from outside, so that signing is a function of its arguments.
public struct Stamp: Sendable, Hashable {
  /// A random word.
  public let nonce: Nonce
  /// Seconds since 1970.
  public let timestamp: Int64

  /// Pairs a nonce with a time.
  public init(nonce: Nonce, timestamp: Int64) {
    self.nonce = nonce
    self.timestamp = timestamp
  }
}

/// A word that no other request with the same timestamp, client and token has.
public struct Nonce: Sendable, Hashable {
  /// ASCII letters and digits; X takes nothing else.
  public let text: String

  /// Takes a word of 1 to 128 ASCII letters and digits.
  public init(_ text: String) throws(OAuthError) {
    guard (1...Limits.nonce).contains(text.utf8.count), text.utf8.allSatisfy(\.isAlphanumeric)
    else {
      throw OAuthError(
        .invalidParameter, "a nonce is 1 to \(Limits.nonce) ASCII letters and digits")
    }
    self.text = text
  }

  /// Writes random bytes as hexadecimal digits.
  ///
  /// At least 16 are needed: 128 bits cannot be guessed and do not meet by chance.
  public init(entropy: [UInt8]) throws(OAuthError) {
    guard entropy.count >= 16 else {
      throw OAuthError(.invalidParameter, "a nonce needs at least 128 random bits")
    }
    try self.init(Hex.encode(entropy))
  }
}
