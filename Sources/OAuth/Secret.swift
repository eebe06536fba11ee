public import OpenSSL

/// A secret text: a consumer secret, a token secret, a bearer token.
///
/// Prints `***` however it is printed, and has no encoding of its own that a log could pick up.
public struct Secret: Sendable {
  private let bytes: SecretBytes

  /// Keeps the UTF-8 of a text.
  public init(_ text: String) { bytes = SecretBytes(utf8: text) }

  /// Keeps bytes, which must be UTF-8 to be sent anywhere.
  public init(_ bytes: SecretBytes) { self.bytes = bytes }

  /// Lends the bytes, for storing them sealed.
  public func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try bytes.withBytes(body)
  }

  /// Whether a text is the secret.
  ///
  /// The time does not tell how much of it is.
  public func matches(_ text: String) -> Bool {
    bytes.withBytes { constantTimeEquals($0, Array(text.utf8).span) }
  }

  /// Whether there is none: a public client has no secret.
  public var isEmpty: Bool { bytes.withBytes { $0.isEmpty } }

  /// The secret as it goes into a body or a header.
  var text: String { String(decoding: copy(), as: UTF8.self) }

  /// The bytes, for a digest.
  func copy() -> [UInt8] {
    bytes.withBytes { bytes in bytes.indices.map { bytes[$0] } }
  }

  /// The secret as it goes into a signature's key.
  func percentEncoded() -> [UInt8] {
    bytes.withBytes { bytes in
      var encoded: [UInt8] = []
      // At most three characters a byte: growing would leave copies behind.
      encoded.reserveCapacity(3 * bytes.count)
      for index in bytes.indices { PercentEncoding.append(bytes[index], to: &encoded) }
      return encoded
    }
  }
}

extension Secret: Redacted {
  /// `***`.
  public var description: String { "***" }
}
