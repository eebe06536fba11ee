import COpenSSL

/// Why a cryptographic operation gave no result.
///
/// None of the cases carries key, plaintext or ciphertext, so every one of them may be logged.
public enum CryptoError: Error, Hashable {
  /// The tag does not belong to this ciphertext, associated data, nonce and key. Which of them
  /// is wrong cannot be told, and nothing of the plaintext was released.
  case authenticationFailed

  /// A key, an output or an input has a length the algorithm does not allow.
  case invalidLength(String)

  /// The random number generator gave no bytes. The caller must not go on without them.
  case randomUnavailable

  /// The key has sealed as many messages as one key may.
  case keyExhausted

  /// libcrypto refused a call that should not fail: out of memory, or a broken installation.
  case library(call: String, reason: String)

  /// Reports a failed libcrypto call and empties the thread's error queue, from which the next
  /// TLS call on this thread would otherwise read our failure as its own.
  static func failed(_ call: StaticString) -> CryptoError {
    let code = ERR_peek_last_error()
    let text = unsafe ERR_reason_error_string(code)
    let reason = unsafe text.map { unsafe String(cString: $0) } ?? "no reason given"
    ERR_clear_error()
    return .library(call: "\(call)", reason: reason)
  }
}

extension CryptoError: CustomStringConvertible {
  /// What went wrong, for a log.
  public var description: String {
    switch self {
    case .authenticationFailed: "authentication failed"
    case .invalidLength(let what): "\(what) has a length that is not allowed"
    case .randomUnavailable: "the random number generator gave no bytes"
    case .keyExhausted: "the key has sealed as much as one key may"
    case .library(let call, let reason): "\(call): \(reason)"
    }
  }
}
