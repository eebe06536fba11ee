import COpenSSL

/// What all connections of a listener or of a dialer have in common.
///
/// Wraps `SSL_CTX`.
///
/// TLS 1.2 and later, ciphers with forward secrecy and authenticated encryption, HTTP/2 and nothing
/// else as application protocol, no renegotiation, no compression. A server gives tickets with which
/// a client that comes back saves the costly part of the handshake; they are sealed with keys that
/// only this value has, so none outlives the certificate it was given for.
@safe
public final class TLSConfiguration: Sendable {
  enum Role { case client, server }

  // Sendable is sound: nothing changes the context after init, and the library locks and counts
  // what connections on different threads share of it.
  nonisolated(unsafe) let raw: OpaquePointer
  let role: Role

  private init(_ role: Role) throws(TLSError) {
    ErrorQueue.clear()
    guard let raw = unsafe SSL_CTX_new(role == .server ? TLS_server_method() : TLS_client_method())
    else { throw TLSError(.configuration, "SSL_CTX_new", details: ErrorQueue.drain().details) }
    unsafe self.raw = unsafe raw
    self.role = role
    try setProtocol()
    try setALPN()
  }

  deinit { unsafe SSL_CTX_free(raw) }

  /// For a listener.
  ///
  /// - Parameters:
  ///   - certificateChainFile: PEM, the server's certificate first, then the intermediate ones.
  ///   - privateKeyFile: PEM, not encrypted.
  ///   - clientCAFile: PEM, whom to trust in saying who a client is. Without it no client is asked
  ///     for a certificate; with it one that is presented must verify.
  ///   - requiresClientCertificate: Whether a client must present one.
  public static func server(
    certificateChainFile: String, privateKeyFile: String, clientCAFile: String? = nil,
    requiresClientCertificate: Bool = false
  ) throws(TLSError) -> TLSConfiguration {
    let configuration = try TLSConfiguration(.server)
    try configuration.useIdentity(chainFile: certificateChainFile, keyFile: privateKeyFile)
    if let clientCAFile {
      try configuration.askForClientCertificate(
        of: clientCAFile, required: requiresClientCertificate)
    } else if requiresClientCertificate {
      throw TLSError(.configuration, "client certificates are required but no CA file is given")
    }
    return configuration
  }

  /// For a dialer.
  ///
  /// - Parameters:
  ///   - trustFile: PEM, whom to trust instead of the system's authorities.
  ///   - certificateChainFile: PEM, to say who we are, where the server asks.
  ///   - privateKeyFile: PEM, not encrypted; goes with the certificate.
  public static func client(
    trustFile: String? = nil, certificateChainFile: String? = nil, privateKeyFile: String? = nil
  ) throws(TLSError) -> TLSConfiguration {
    let configuration = try TLSConfiguration(.client)
    try configuration.trust(trustFile)
    unsafe SSL_CTX_set_verify(configuration.raw, SSL_VERIFY_PEER, nil)
    switch (certificateChainFile, privateKeyFile) {
    case (let chainFile?, let keyFile?):
      try configuration.useIdentity(chainFile: chainFile, keyFile: keyFile)
    case (nil, nil): break
    default: throw TLSError(.configuration, "a certificate and its private key go together")
    }
    return configuration
  }
}

extension TLSConfiguration {
  /// ECDHE for forward secrecy, and the AEAD ciphers that RFC 9113 section 9.2.2 leaves to HTTP/2
  /// over TLS 1.2.
  ///
  /// Those of TLS 1.3 are all good.
  private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
  private static let groups = "X25519:P-256:P-384"

  private func setProtocol() throws(TLSError) {
    try check(unsafe shim_SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION), "TLS 1.2")
    try check(unsafe SSL_CTX_set_cipher_list(raw, Self.ciphers), "cipher list")
    try check(unsafe shim_SSL_CTX_set1_groups_list(raw, Self.groups), "groups")
    // 112 bits: no RSA key below 2,048 bits, no SHA-1 in a chain.
    unsafe SSL_CTX_set_security_level(raw, 2)
    // RFC 9113 section 9.2.1 forbids compression and renegotiation.
    unsafe SSL_CTX_set_options(
      raw,
      shim_SSL_OP_NO_RENEGOTIATION | shim_SSL_OP_NO_COMPRESSION
        | (role == .client ? shim_SSL_OP_NO_TICKET : 0)
        | shim_SSL_OP_CIPHER_SERVER_PREFERENCE | shim_SSL_OP_PRIORITIZE_CHACHA)
    unsafe shim_SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF)
    try setTickets()
    // An idle connection gives back its two buffers of 16 KiB.
    unsafe shim_SSL_CTX_set_mode(raw, UInt32(SSL_MODE_RELEASE_BUFFERS))
    // An encrypted key would make the library ask for a passphrase on the terminal.
    unsafe SSL_CTX_set_default_passwd_cb(raw) { _, _, _, _ in -1 }
  }

  /// How long a ticket is good: for a client that restarts, not for a thief of last week's backup.
  private static let ticketLifetime = 3600

  /// Tickets instead of a cache: a server remembers nothing of whoever does not come back.
  private func setTickets() throws(TLSError) {
    guard role == .server else { return }
    // One is enough: these connections live long.
    try check(unsafe SSL_CTX_set_num_tickets(raw, 1), "tickets")
    unsafe SSL_CTX_set_timeout(raw, Self.ticketLifetime)
    // Demanded where clients have certificates: whose sessions these are.
    let context = Array("linkd".utf8)
    try check(
      unsafe SSL_CTX_set_session_id_context(raw, context, UInt32(context.count)), "tickets")
  }

  private func setALPN() throws(TLSError) {
    guard role == .server else {
      // Unlike all others this function returns 0 on success.
      let failed = unsafe SSL_CTX_set_alpn_protos(raw, ALPN.wire, UInt32(ALPN.wire.count)) != 0
      return try check(failed ? 0 : 1, "ALPN")
    }
    // The second callback is not called for a client that does not offer any protocol.
    unsafe SSL_CTX_set_client_hello_cb(raw, ALPN.requireOffer, nil)
    unsafe SSL_CTX_set_alpn_select_cb(raw, ALPN.select, nil)
  }

  private func useIdentity(chainFile: String, keyFile: String) throws(TLSError) {
    try checkPath(chainFile)
    try checkPath(keyFile)
    try check(
      unsafe SSL_CTX_use_certificate_chain_file(raw, chainFile), "certificate file \(chainFile)")
    try check(
      unsafe SSL_CTX_use_PrivateKey_file(raw, keyFile, SSL_FILETYPE_PEM),
      "private key file \(keyFile)")
    try check(
      unsafe SSL_CTX_check_private_key(raw), "private key file \(keyFile) for \(chainFile)")
  }

  private func trust(_ file: String?) throws(TLSError) {
    guard let file else {
      return try check(unsafe SSL_CTX_set_default_verify_paths(raw), "the system's authorities")
    }
    try checkPath(file)
    try check(unsafe SSL_CTX_load_verify_file(raw, file), "trust file \(file)")
  }

  private func askForClientCertificate(of file: String, required: Bool) throws(TLSError) {
    try trust(file)
    ErrorQueue.clear()
    guard let names = unsafe SSL_load_client_CA_file(file) else {
      throw TLSError(
        .configuration, "client CA file \(file)", details: ErrorQueue.drain().details)
    }
    // Takes over the list.
    unsafe SSL_CTX_set_client_CA_list(raw, names)
    let mode = SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)
    unsafe SSL_CTX_set_verify(raw, mode, nil)
  }

  /// A path is cut at a NUL on its way into C, and would then name another file.
  private func checkPath(_ path: String) throws(TLSError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw TLSError(.configuration, "a path that is empty or holds a NUL")
    }
  }

  private func check(_ result: CInt, _ what: String) throws(TLSError) {
    guard result != 1 else { return }
    throw TLSError(.configuration, what, details: ErrorQueue.drain().details)
  }
}

/// Application-layer protocol negotiation (RFC 7301), for HTTP/2 alone.
@safe
enum ALPN {
  /// The protocol's name.
  static let http2 = "h2"
  /// A protocol list of one: each name after its length.
  static let wire: [UInt8] = [2, UInt8(ascii: "h"), UInt8(ascii: "2")]

  /// Refuses a client that does not take part in the negotiation.
  static let requireOffer: SSL_client_hello_cb_fn = { connection, alert, _ in
    var start: UnsafePointer<UInt8>?
    var length = 0
    let type = UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation)
    if unsafe SSL_client_hello_get0_ext(connection, type, &start, &length) == 1 {
      return SSL_CLIENT_HELLO_SUCCESS
    }
    unsafe alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
    return SSL_CLIENT_HELLO_ERROR
  }

  /// Selects HTTP/2 out of the client's list, in which the answer must point.
  static let select: SSL_CTX_alpn_select_cb_func = { _, selected, selectedLength, list, count, _ in
    let offered = unsafe UnsafeBufferPointer(start: list, count: Int(count))
    guard let offset = unsafe offset(of: http2, in: offered.span) else {
      return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    unsafe selected?.pointee = unsafe list.map { unsafe $0 + offset }
    unsafe selectedLength?.pointee = UInt8(http2.utf8.count)
    return SSL_TLSEXT_ERR_OK
  }

  /// Where a name begins in a list of names, each after its length.
  private static func offset(of name: String, in list: Span<UInt8>) -> Int? {
    var start = 0
    while start < list.count {
      let end = start + 1 + Int(list[start])
      guard end <= list.count else { return nil }
      let candidate = list.extracting(start + 1..<end)
      if candidate.count == name.utf8.count,
        zip(candidate.indices, name.utf8).allSatisfy({ candidate[$0] == $1 })
      {
        return start + 1
      }
      start = end
    }
    return nil
  }
}
