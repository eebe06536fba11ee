import COpenSSL

/// Whether two byte strings are equal, in a time that depends only on their lengths.
///
/// For everything an attacker may guess at: signatures, tokens, tags. The length itself is not
/// hidden. Wraps `CRYPTO_memcmp`.
public func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count else { return false }
  return unsafe left.withUnsafeBufferPointer { left in
    unsafe right.withUnsafeBufferPointer { right in
      guard let left = left.baseAddress, let other = right.baseAddress else { return true }
      return unsafe CRYPTO_memcmp(left, other, right.count) == 0
    }
  }
}

/// Whether two byte strings are equal, in a time that depends only on their lengths.
public func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
  constantTimeEquals(left.span, right.span)
}

extension SecretBytes: Equatable {
  /// Compares in a time that depends only on the lengths.
  public static func == (left: SecretBytes, right: SecretBytes) -> Bool {
    left.withBytes { left in right.withBytes { constantTimeEquals(left, $0) } }
  }
}
