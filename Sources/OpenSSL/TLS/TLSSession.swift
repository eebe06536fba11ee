import COpenSSL

/// The library's connection object between two memory buffers.
///
/// Wraps `SSL`.
///
/// Each call clears the error queue first, turns the result into one of three cases, and takes the
/// queue along if it failed. After a failure only `takeCiphertext` may be called.
@safe
struct TLSSession: ~Copyable, Sendable {
  /// How a call ended that did not fail.
  enum Step {
    /// It did what it should.
    case done
    /// It needs more from the peer.
    case needsInput
    /// The peer has sent `close_notify`.
    case closed
  }

  /// The most plaintext of one record (RFC 8446 section 5.1).
  private static let recordSize = 16 * 1024

  // Sendable is sound: there is one owner, and what changes the object is mutating.
  nonisolated(unsafe) private let raw: OpaquePointer
  /// The two buffers belong to `raw`, which frees them.
  nonisolated(unsafe) private let incoming: OpaquePointer
  nonisolated(unsafe) private let outgoing: OpaquePointer
  private var expectedName = ""

  init(_ configuration: borrowing TLSConfiguration) throws(TLSError) {
    ErrorQueue.clear()
    guard let raw = unsafe SSL_new(configuration.raw) else { throw Self.outOfMemory("SSL_new") }
    guard let incoming = unsafe BIO_new(BIO_s_mem()) else {
      unsafe SSL_free(raw)
      throw Self.outOfMemory("BIO_new")
    }
    guard let outgoing = unsafe BIO_new(BIO_s_mem()) else {
      unsafe BIO_free(incoming)
      unsafe SSL_free(raw)
      throw Self.outOfMemory("BIO_new")
    }
    unsafe SSL_set_bio(raw, incoming, outgoing)
    switch configuration.role {
    case .client: unsafe SSL_set_connect_state(raw)
    case .server: unsafe SSL_set_accept_state(raw)
    }
    unsafe self.raw = unsafe raw
    unsafe self.incoming = unsafe incoming
    unsafe self.outgoing = unsafe outgoing
  }

  deinit { unsafe SSL_free(raw) }

  private static func outOfMemory(_ call: String) -> TLSError {
    TLSError(.configuration, call, details: ErrorQueue.drain().details)
  }

  var pendingCiphertext: Int { unsafe BIO_ctrl_pending(outgoing) }

  var version: String { unsafe String(cString: SSL_get_version(raw)) }
}

// Whom to talk to.
extension TLSSession {
  /// Demands a certificate for this host name or IP address, and names the host to the server.
  mutating func expect(serverName: String) throws(TLSError) {
    // RFC 6066 section 3: no trailing dot.
    let name = serverName.hasSuffix(".") ? String(serverName.dropLast()) : serverName
    // What is cut at a NUL would be another name.
    guard !name.utf8.contains(0) else { throw Self.noHostName }
    expectedName = name
    ErrorQueue.clear()
    // RFC 6066 section 3: "Literal IPv4 and IPv6 addresses are not permitted" as a server name.
    if unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(raw), name) == 1 { return }
    ErrorQueue.clear()
    guard Self.isHostName(name) else { throw Self.noHostName }
    unsafe SSL_set_hostflags(
      raw, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
    guard unsafe SSL_set1_host(raw, name) == 1,
      unsafe shim_SSL_set_tlsext_host_name(raw, name) == 1
    else {
      throw TLSError(
        .configuration, "the server's name \(name)", details: ErrorQueue.drain().details)
    }
  }

  /// RFC 1123 section 2.1, and the underscore that some use.
  ///
  /// Anything else must not reach the library: to it a leading dot means any name below, and a star
  /// is equal to a star.
  private static func isHostName(_ name: String) -> Bool {
    name.utf8.count <= 253
      && name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy
      {
        (1...63).contains($0.count) && $0.allSatisfy(isHostNameByte)
      }
  }

  private static func isHostNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }

  private static var noHostName: TLSError {
    TLSError(.configuration, "the server's name is neither a host name nor an IP address")
  }

  /// The peer's certificate, if it has shown one and that verified.
  func verifiedPeer() -> TLSPeerCertificate? {
    guard unsafe SSL_get_verify_result(raw) == X509_V_OK,
      let certificate = unsafe SSL_get0_peer_certificate(raw)
    else { return nil }
    return unsafe TLSPeerCertificate(certificate)
  }
}

// What can happen.
extension TLSSession {
  /// Puts bytes from the peer where the library reads them.
  mutating func supply(_ ciphertext: Span<UInt8>) throws(TLSError) {
    guard !ciphertext.isEmpty else { return }
    ErrorQueue.clear()
    var written = 0
    let result = unsafe ciphertext.withUnsafeBufferPointer { bytes in
      unsafe BIO_write_ex(incoming, bytes.baseAddress, bytes.count, &written)
    }
    guard result == 1, written == ciphertext.count else { throw Self.outOfMemory("BIO_write_ex") }
  }

  mutating func advanceHandshake() throws(TLSError) -> Step {
    ErrorQueue.clear()
    let result = unsafe SSL_do_handshake(raw)
    let step = try step(after: result, duringHandshake: true)
    if step == .done { try checkApplicationProtocol() }
    // A close_notify before the end of the handshake leaves nothing to read.
    guard step != .closed else {
      throw TLSError(.handshakeFailed, "the peer closed the connection during the handshake")
    }
    return step
  }

  /// Appends the plaintext of at most one record.
  mutating func read(appendingTo plaintext: inout [UInt8]) throws(TLSError) -> Step {
    ErrorQueue.clear()
    var result: CInt = 0
    plaintext.append(addingCapacity: Self.recordSize) { output in
      unsafe output.withUnsafeMutableBufferPointer { room, count in
        var read = 0
        result = unsafe SSL_read_ex(raw, room.baseAddress, room.count, &read)
        count = result == 1 ? read : 0
      }
    }
    return try step(after: result, duringHandshake: false)
  }

  mutating func write(_ plaintext: Span<UInt8>) throws(TLSError) {
    ErrorQueue.clear()
    var written = 0
    let result = unsafe plaintext.withUnsafeBufferPointer { bytes in
      unsafe SSL_write_ex(raw, bytes.baseAddress, bytes.count, &written)
    }
    // The outgoing buffer grows, so the library always takes everything.
    guard try step(after: result, duringHandshake: false) == .done, written == plaintext.count
    else { throw TLSError(.protocolViolation, "the library did not take all plaintext") }
  }

  mutating func sendCloseNotify() {
    // The result says only whether the peer has closed too.
    ErrorQueue.clear()
    _ = unsafe SSL_shutdown(raw)
    ErrorQueue.clear()
  }

  mutating func takeCiphertext(appendingTo output: inout [UInt8]) {
    let pending = pendingCiphertext
    guard pending > 0 else { return }
    output.append(addingCapacity: pending) { output in
      unsafe output.withUnsafeMutableBufferPointer { room, count in
        var read = 0
        count = unsafe BIO_read_ex(outgoing, room.baseAddress, room.count, &read) == 1 ? read : 0
      }
    }
  }
}

extension TLSSession {
  /// One of three cases, or the failure with the error queue in it.
  private func step(after result: CInt, duringHandshake: Bool) throws(TLSError) -> Step {
    if result == 1 { return .done }
    switch unsafe SSL_get_error(raw, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsInput
    case SSL_ERROR_ZERO_RETURN: return .closed
    default:
      let queue = ErrorQueue.drain()
      throw duringHandshake
        ? handshakeFailure(queue)
        : TLSError(.protocolViolation, "the TLS connection failed", details: queue.details)
    }
  }

  private func handshakeFailure(_ queue: ErrorQueue) -> TLSError {
    let verification = unsafe SSL_get_verify_result(raw)
    if verification != X509_V_OK {
      let reason = unsafe String(cString: X509_verify_cert_error_string(verification))
      let whose =
        expectedName.isEmpty ? "the client's certificate" : "the certificate of \(expectedName)"
      return TLSError(
        .certificateRejected, "\(whose) is not accepted: \(reason)", details: queue.details)
    }
    if queue.reasons.contains(SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
      return TLSError(.certificateRejected, "the client has shown no certificate")
    }
    // Our own two callbacks, and the peer's alert.
    let reasons = [
      SSL_R_CALLBACK_FAILED, SSL_R_NO_APPLICATION_PROTOCOL,
      SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL,
    ]
    if queue.reasons.contains(where: reasons.contains) { return Self.noHTTP2 }
    return TLSError(.handshakeFailed, "the TLS handshake failed", details: queue.details)
  }

  /// A server may leave the negotiation out; HTTP/2 over TLS needs it (RFC 9113 section 3.2).
  private func checkApplicationProtocol() throws(TLSError) {
    var start: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    unsafe SSL_get0_alpn_selected(raw, &start, &length)
    let selected = unsafe UnsafeBufferPointer(start: start, count: Int(length))
    guard unsafe selected.elementsEqual(ALPN.http2.utf8) else { throw Self.noHTTP2 }
  }

  private static var noHTTP2: TLSError {
    TLSError(.noApplicationProtocol, "the peer does not offer HTTP/2 (ALPN h2)")
  }
}
