import COpenSSL

/// Why a TLS connection or its configuration does not work.
public struct TLSError: Error, Hashable, Sendable {
  /// What a program decides by.
  public enum Kind: Hashable, Sendable {
    /// A file cannot be read or does not hold what it should, or a name is not one.
    case configuration
    /// The peer's certificate is not one that we trust for that name, or there is none.
    case certificateRejected
    /// The peers have no application protocol in common: one of them does not speak HTTP/2.
    case noApplicationProtocol
    /// The handshake failed for another reason; the peer's alert is in the message.
    case handshakeFailed
    /// The peer broke the protocol after the handshake, or a record was tampered with.
    case protocolViolation
    /// The transport ended without the peer having said that it would.
    case truncated
    /// The connection was closed by us.
    case closed
  }

  /// What a program decides by.
  public let kind: Kind
  /// What a person reads: one line.
  public let message: String
  /// What the library had to say, innermost first.
  public let details: [String]

  init(_ kind: Kind, _ message: String, details: [String] = []) {
    self.kind = kind
    self.message = message
    self.details = details
  }
}

extension TLSError: CustomStringConvertible {
  /// The message and what the library had to say.
  public var description: String { ([message] + details).joined(separator: ": ") }
}

/// The errors that libcrypto and libssl have queued for this thread.
struct ErrorQueue {
  /// The most entries that the library keeps (`ERR_NUM_ERRORS`).
  private static let capacity = 16

  private(set) var reasons: [CInt] = []
  private(set) var details: [String] = []

  /// Empties the queue.
  ///
  /// Must come before every call whose failure is asked about: `SSL_get_error` takes any entry of
  /// the thread for one of this call.
  static func clear() { ERR_clear_error() }

  /// Takes what is in the queue.
  static func drain() -> ErrorQueue {
    var queue = ErrorQueue()
    for _ in 0..<capacity where queue.takeOne() {}
    clear()
    return queue
  }

  private mutating func takeOne() -> Bool {
    var data: UnsafePointer<CChar>?
    var flags: CInt = 0
    let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
    guard code != 0 else { return false }
    var text =
      unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    if flags & ERR_TXT_STRING != 0, let data = unsafe data {
      let addition = unsafe String(cString: data)
      if !addition.isEmpty { text += " (\(addition))" }
    }
    reasons.append(ERR_GET_REASON(code))
    details.append(text)
    return true
  }
}
