import COpenSSL

/// AES-256 in Galois/counter mode (NIST SP 800-38D) under one key: 12-byte nonces, 16-byte tags.
///
/// The key schedule is computed once. **A nonce must never be used twice to seal under one key**:
/// that gives away the authentication key and the XOR of the two plaintexts. What keeps nonces
/// apart is the caller's; a counter under a key that was never used before is the simplest way.
@safe
public struct AESGCM: ~Copyable, Sendable {
  /// The length of a key in bytes.
  public static let keyLength = 32

  /// The length of the tag that follows every ciphertext.
  public static let tagLength = 16

  /// How many messages one key may seal, however well its nonces are kept apart (SP 800-38D, 8.3).
  public static let mostMessages: UInt64 = 1 << 32

  // Sendable is sound: the context has one owner, and every use of it is exclusive (mutating).
  nonisolated(unsafe) private let context: OpaquePointer
  private var sealed: UInt64

  /// Prepares `key`, which must be 32 bytes long and has sealed nothing yet.
  public init(key: SecretBytes) throws(CryptoError) { try self.init(key: key, afterSealing: 0) }

  /// Prepares a key that has sealed so many messages already.
  package init(key: SecretBytes, afterSealing sealed: UInt64) throws(CryptoError) {
    guard key.count == Self.keyLength else { throw .invalidLength("AES-256 key") }
    unsafe context = try Self.makeContext(key)
    self.sealed = sealed
  }

  // Frees the context, which cleanses the key schedule.
  deinit { unsafe EVP_CIPHER_CTX_free(context) }

  /// Encrypts `plaintext` and appends ciphertext and tag to `output`.
  ///
  /// `output` keeps its old length if this fails. A key that has sealed as much as it may seals no
  /// more.
  public mutating func seal(
    _ plaintext: Span<UInt8>, nonce: Nonce, authenticating associatedData: Span<UInt8>,
    appendingTo output: inout [UInt8]
  ) throws(CryptoError) {
    guard sealed < Self.mostMessages else { throw .keyExhausted }
    sealed += 1
    let start = output.count
    do throws(CryptoError) {
      try begin(.seal, nonce, associatedData)
      try update(plaintext, appendingTo: &output)
      try finish("EVP_EncryptFinal_ex")
      try appendTag(to: &output)
    } catch {
      output.removeSubrange(start...)
      throw error
    }
  }

  /// Checks the tag that ends `sealed`, and returns the plaintext only if it is right.
  public mutating func open(
    _ sealed: Span<UInt8>, nonce: Nonce, authenticating associatedData: Span<UInt8>
  ) throws(CryptoError) -> [UInt8] {
    guard sealed.count >= Self.tagLength else { throw .authenticationFailed }
    let length = sealed.count - Self.tagLength
    try begin(.open, nonce, associatedData)
    try expectTag(sealed.extracting(length...))
    var plaintext = try decrypted(sealed.extracting(..<length))
    do throws(CryptoError) {
      try finish("EVP_DecryptFinal_ex")
    } catch {
      cleanse(&plaintext)
      throw .authenticationFailed
    }
    return plaintext
  }
}

extension AESGCM {
  /// A number used once: 12 bytes that may be public but must differ for every message of a key.
  public struct Nonce: Hashable, Sendable {
    /// The length of a nonce in bytes, the one for which GCM needs no extra hashing.
    public static let length = 12

    /// The first four bytes.
    private let fixed: UInt32
    /// The other eight.
    private let counter: UInt64

    /// The nonce of a counter: four zero bytes, then the counter in big-endian order.
    public init(counter: UInt64) {
      fixed = 0
      self.counter = counter
    }

    /// The nonce of exactly these 12 bytes, else nothing.
    public init?(_ bytes: [UInt8]) {
      guard bytes.count == Self.length else { return nil }
      fixed = bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) }
      counter = bytes[4...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    fileprivate var bytes: InlineArray<12, UInt8> {
      InlineArray { index in
        index < 4
          ? UInt8(truncatingIfNeeded: fixed >> UInt32(24 - 8 * index))
          : UInt8(truncatingIfNeeded: counter >> UInt64(88 - 8 * index))
      }
    }
  }
}

extension AESGCM {
  private enum Direction: CInt {
    case open = 0
    case seal = 1
  }

  private static func makeContext(_ key: SecretBytes) throws(CryptoError) -> OpaquePointer {
    guard let context = unsafe EVP_CIPHER_CTX_new() else { throw .failed("EVP_CIPHER_CTX_new") }
    let result = key.withBytes { key in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe EVP_CipherInit_ex2(context, Algorithms.aes256GCM, key.baseAddress, nil, 1, nil)
      }
    }
    guard result == 1 else {
      unsafe EVP_CIPHER_CTX_free(context)
      throw .failed("EVP_CipherInit_ex2")
    }
    return unsafe context
  }

  private mutating func begin(
    _ direction: Direction, _ nonce: Nonce, _ associatedData: Span<UInt8>
  ) throws(CryptoError) {
    let bytes = nonce.bytes
    let isReady = unsafe bytes.span.withUnsafeBufferPointer { nonce in
      unsafe EVP_CipherInit_ex2(context, nil, nil, nonce.baseAddress, direction.rawValue, nil) == 1
    }
    guard isReady else { throw .failed("EVP_CipherInit_ex2") }
    guard !associatedData.isEmpty else { return }
    let length = try Self.length(of: associatedData)
    let result = unsafe associatedData.withUnsafeBufferPointer { data in
      var written: CInt = 0
      return unsafe EVP_CipherUpdate(context, nil, &written, data.baseAddress, length)
    }
    guard result == 1 else { throw .failed("EVP_CipherUpdate") }
  }

  private mutating func update(
    _ input: Span<UInt8>, appendingTo output: inout [UInt8]
  ) throws(CryptoError) {
    guard !input.isEmpty else { return }
    let length = try Self.length(of: input)
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: input.count))
    let result = unsafe output.withUnsafeMutableBufferPointer { output in
      unsafe update(input, length, output.extracting(start...))
    }
    guard result == 1 else { throw .failed("EVP_CipherUpdate") }
  }

  /// The plaintext, of which nobody knows yet whether it is right.
  private mutating func decrypted(_ input: Span<UInt8>) throws(CryptoError) -> [UInt8] {
    guard !input.isEmpty else { return [] }
    let length = try Self.length(of: input)
    // Not zeroed first: what is opened may be large.
    let output = unsafe [UInt8](unsafeUninitializedCapacity: input.count) { output, count in
      count = unsafe update(input, length, output) == 1 ? input.count : 0
    }
    guard output.count == input.count else { throw .failed("EVP_CipherUpdate") }
    return output
  }

  private mutating func update(
    _ input: Span<UInt8>, _ length: CInt, _ output: UnsafeMutableBufferPointer<UInt8>
  ) -> CInt {
    unsafe input.withUnsafeBufferPointer { input in
      var written: CInt = 0
      return unsafe EVP_CipherUpdate(
        context, output.baseAddress, &written, input.baseAddress, length)
    }
  }

  /// Ends a message; of an opened one, this is where the tag is checked.
  private mutating func finish(_ call: StaticString) throws(CryptoError) {
    // GCM is a stream: the last step writes nothing, but wants a place to write it to.
    var nothing: UInt8 = 0
    var written: CInt = 0
    guard unsafe EVP_CipherFinal_ex(context, &nothing, &written) == 1 else { throw .failed(call) }
  }

  private mutating func appendTag(to output: inout [UInt8]) throws(CryptoError) {
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: Self.tagLength))
    let result = unsafe output.withUnsafeMutableBufferPointer { output in
      let target = output.extracting(start...)
      return unsafe EVP_CIPHER_CTX_ctrl(
        context, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagLength), target.baseAddress)
    }
    guard result == 1 else { throw .failed("EVP_CTRL_AEAD_GET_TAG") }
  }

  private mutating func expectTag(_ tag: Span<UInt8>) throws(CryptoError) {
    let result = unsafe tag.withUnsafeBufferPointer { tag in
      // The pointer is mutable because the same call also reads tags out; here libcrypto copies.
      unsafe EVP_CIPHER_CTX_ctrl(
        context, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagLength),
        UnsafeMutablePointer(mutating: tag.baseAddress))
    }
    guard result == 1 else { throw .failed("EVP_CTRL_AEAD_SET_TAG") }
  }

  private static func length(of bytes: Span<UInt8>) throws(CryptoError) -> CInt {
    guard let length = CInt(exactly: bytes.count) else { throw .invalidLength("message") }
    return length
  }
}
