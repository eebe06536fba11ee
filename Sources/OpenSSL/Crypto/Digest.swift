import COpenSSL

/// Cryptographic hashes, wrapping `EVP_Digest`.
///
/// They cannot fail short of a libcrypto that is out of memory, which stops the process as any
/// failed allocation in Swift does.
public enum Digest {
  /// The SHA-256 hash of `bytes`, 32 bytes.
  public static func sha256(_ bytes: Span<UInt8>) -> [UInt8] {
    unsafe hash(bytes, Algorithms.sha256, count: 32)
  }

  /// The SHA-256 hash of `bytes`, 32 bytes.
  public static func sha256(_ bytes: [UInt8]) -> [UInt8] { sha256(bytes.span) }

  /// The SHA-1 hash of `bytes`, 20 bytes.
  ///
  /// Broken for signatures; here only because OAuth 1.0a and its test vectors are built on it.
  public static func sha1(_ bytes: Span<UInt8>) -> [UInt8] {
    unsafe hash(bytes, Algorithms.sha1, count: 20)
  }

  /// The SHA-1 hash of `bytes`, 20 bytes.
  public static func sha1(_ bytes: [UInt8]) -> [UInt8] { sha1(bytes.span) }

  private static func hash(
    _ bytes: Span<UInt8>, _ algorithm: OpaquePointer, count: Int
  ) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: count)
    let result = unsafe bytes.withUnsafeBufferPointer { input in
      unsafe EVP_Digest(input.baseAddress, input.count, &output, nil, algorithm, nil)
    }
    precondition(result == 1, "EVP_Digest failed")
    return output
  }
}
