import COpenSSL

/// Cryptographically secure random bytes.
///
/// Fails closed: there is no weaker source behind libcrypto's, and a failure never yields zeros.
/// Safe after `fork`, for libcrypto reseeds in the child.
public enum Random {
  /// Returns `count` fresh random bytes, for nonces and identifiers that may be seen.
  public static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
    try bytes(count, from: publicBytes)
  }

  /// Returns `count` fresh random bytes that nobody may see, drawn from a generator whose output
  /// is never public.
  public static func secret(_ count: Int) throws(CryptoError) -> SecretBytes {
    try SecretBytes(count: count) { output throws(CryptoError) in
      guard privateBytes(&output) else { throw .randomUnavailable }
    }
  }

  /// `bytes` from a given source, which answers whether it has filled the memory: a test's way to
  /// make it fail.
  package static func bytes(
    _ count: Int, from source: (inout MutableSpan<UInt8>) -> Bool
  ) throws(CryptoError) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: count)
    var span = output.mutableSpan
    guard source(&span) else { throw .randomUnavailable }
    return output
  }

  /// Wraps `RAND_bytes`.
  private static func publicBytes(_ output: inout MutableSpan<UInt8>) -> Bool {
    guard let count = CInt(exactly: output.count) else { return false }
    return unsafe output.withUnsafeMutableBufferPointer {
      unsafe succeeded(RAND_bytes($0.baseAddress, count))
    }
  }

  /// Wraps `RAND_priv_bytes`.
  private static func privateBytes(_ output: inout MutableSpan<UInt8>) -> Bool {
    guard let count = CInt(exactly: output.count) else { return false }
    return unsafe output.withUnsafeMutableBufferPointer {
      unsafe succeeded(RAND_priv_bytes($0.baseAddress, count))
    }
  }

  /// 1 is success; 0 is failure, and so is the -1 of a generator that is not supported.
  private static func succeeded(_ result: CInt) -> Bool {
    if result != 1 { ERR_clear_error() }
    return result == 1
  }
}
