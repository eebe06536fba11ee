import COpenSSL
import OpenSSL

/// The other end without any of our settings, for what ours would never do.
@safe
struct RawPeer: ~Copyable {
  private let context: OpaquePointer
  private let raw: OpaquePointer

  enum Version { case tls10, tls11, tls12, tls13 }

  /// A client, or a server with our test certificate, that speaks up to `version` and offers these
  /// protocols (each after its length; none: no negotiation).
  init(isServer: Bool, upTo version: Version, protocols: [UInt8] = []) throws {
    unsafe context = unsafe SSL_CTX_new(TLS_method())
    unsafe SSL_CTX_set_security_level(context, 0)
    unsafe SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0")
    unsafe shim_SSL_CTX_set_min_proto_version(context, TLS1_VERSION)
    let maximum =
      switch version {
      case .tls10: TLS1_VERSION
      case .tls11: TLS1_1_VERSION
      case .tls12: TLS1_2_VERSION
      case .tls13: TLS1_3_VERSION
      }
    unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(maximum), nil)
    let chain = try TestCertificates.path("server.pem")
    let key = try TestCertificates.path("server.key")
    unsafe SSL_CTX_use_certificate_chain_file(context, chain)
    unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM)
    if !protocols.isEmpty {
      unsafe SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count))
    }
    // A server takes the first protocol of the client's list, if it takes any.
    if isServer, !protocols.isEmpty {
      unsafe SSL_CTX_set_alpn_select_cb(
        context,
        { _, selected, length, list, _, _ in
          unsafe selected?.pointee = unsafe list.map { unsafe $0 + 1 }
          unsafe length?.pointee = unsafe list?.pointee ?? 0
          return SSL_TLSEXT_ERR_OK
        }, nil)
    }
    unsafe raw = unsafe SSL_new(context)
    unsafe SSL_set_bio(raw, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()))
    if isServer {
      unsafe SSL_set_accept_state(raw)
    } else {
      unsafe SSL_set_connect_state(raw)
    }
  }

  deinit {
    unsafe SSL_free(raw)
    unsafe SSL_CTX_free(context)
  }

  /// Takes bytes and goes on with the handshake; returns what it has to say.
  mutating func step(_ input: [UInt8]) -> [UInt8] {
    ERR_clear_error()
    _ = unsafe BIO_write(SSL_get_rbio(raw), input, CInt(input.count))
    _ = unsafe SSL_do_handshake(raw)
    var output = [UInt8](repeating: 0, count: 64 * 1024)
    let count = unsafe BIO_read(SSL_get_wbio(raw), &output, CInt(output.count))
    return Array(output.prefix(Int(max(0, count))))
  }

  /// Shakes hands with one of ours until both are silent; returns how that one failed.
  mutating func shakeHands(with ours: inout TLSConnection) -> TLSError? {
    var failure: TLSError?
    var plaintext: [UInt8] = []
    var toOurs = step([])
    for _ in 0..<10 {
      do throws(TLSError) {
        try ours.receive(toOurs.span, appendingTo: &plaintext)
      } catch {
        failure = failure ?? error
      }
      var toPeer: [UInt8] = []
      ours.takeCiphertext(appendingTo: &toPeer)
      if toPeer.isEmpty && toOurs.isEmpty { break }
      received += toPeer
      toOurs = step(toPeer)
    }
    return failure
  }

  /// All that ours has sent.
  private(set) var received: [UInt8] = []

  /// Asks for another handshake inside the connection; returns the request.
  mutating func renegotiate() -> [UInt8] {
    _ = unsafe SSL_renegotiate(raw)
    return step([])
  }
}

/// Fails a call of the library and leaves the error in this thread's queue.
func leaveErrorInQueue() {
  let context = unsafe SSL_CTX_new(TLS_method())
  _ = unsafe SSL_CTX_use_certificate_chain_file(context, "/nowhere")
  unsafe SSL_CTX_free(context)
}
