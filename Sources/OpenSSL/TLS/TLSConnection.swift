import COpenSSL

/// One TLS connection as a pure byte machine: ciphertext in, plaintext out, and the reverse.
///
/// Does no I/O. Whatever was called, `takeCiphertext` may have something to send afterwards, also
/// after a failure: the alert that tells the peer why. A failed connection stays failed.
@safe
public struct TLSConnection: ~Copyable, Sendable {
  private enum Handshake { case running, complete }
  private enum Half { case open, closed }

  private var session: TLSSession
  private var handshake = Handshake.running
  /// Whether we may still send, or have said that we will not.
  private var local = Half.open
  /// Whether the peer may still send, or has said that it will not.
  private var remote = Half.open
  private var failure: TLSError?
  /// Plaintext that waits for the end of the handshake.
  private var waiting: [UInt8] = []
  /// The certificate that the peer has proved to own; nil if it has shown none, and before the
  /// handshake is complete.
  public private(set) var verifiedPeer: TLSPeerCertificate?

  /// The server's end of a connection that a client has opened.
  public init(server configuration: TLSConfiguration) throws(TLSError) {
    guard configuration.role == .server else { throw Self.wrongRole }
    session = try TLSSession(configuration)
  }

  /// The client's end of a connection to `serverName`, a host name or an IP address, which the
  /// server's certificate must name.
  ///
  /// There is ciphertext to send at once.
  public init(client configuration: TLSConfiguration, serverName: String) throws(TLSError) {
    guard configuration.role == .client else { throw Self.wrongRole }
    var session = try TLSSession(configuration)
    try session.expect(serverName: serverName)
    // Writes the first message; the server's answer is needed for more.
    _ = try session.advanceHandshake()
    self.session = session
  }

  private static var wrongRole: TLSError {
    TLSError(.configuration, "a configuration of a client for a server, or the reverse")
  }
}

// What can be asked.
extension TLSConnection {
  /// Whether the peers have agreed and, where that was asked for, verified each other.
  public var isHandshakeComplete: Bool { handshake == .complete }

  /// Whether the peer has said that it will send no more (`close_notify`).
  public var isClosedByPeer: Bool { remote == .closed }

  /// Whether there is something to send.
  public var hasCiphertext: Bool { session.pendingCiphertext > 0 }

  /// The protocol agreed upon, `h2`; nil before the handshake is complete.
  public var applicationProtocol: String? { isHandshakeComplete ? ALPN.http2 : nil }

  /// `TLSv1.3` for instance; for logs.
  public var version: String { session.version }

  /// The names in the certificate that the peer has proved to own; empty if it has shown none.
  public var verifiedPeerNames: [TLSPeerName] { verifiedPeer?.names ?? [] }
}

// What can happen.
extension TLSConnection {
  /// Takes bytes from the peer and appends what they hold for us.
  ///
  /// Bytes after the peer's `close_notify` are ignored, as RFC 8446 section 6.1 demands. What was
  /// decrypted before a failure is appended, and then the failure thrown.
  public mutating func receive(
    _ ciphertext: Span<UInt8>, appendingTo plaintext: inout [UInt8]
  ) throws(TLSError) {
    if let failure { throw failure }
    guard remote == .open else { return }
    try recording { session throws(TLSError) in try session.supply(ciphertext) }
    try advanceHandshake()
    guard isHandshakeComplete else { return }
    while true {
      switch try read(appendingTo: &plaintext) {
      case .done: continue
      case .needsInput: return
      case .closed:
        remote = .closed
        return
      }
    }
  }

  /// Takes the end of the transport.
  ///
  /// Throws `truncated` unless the peer has said before that it would send no more: anybody can cut
  /// a connection, and must not be able to make half an answer look like a whole one.
  public mutating func receiveEnd() throws(TLSError) {
    if let failure { throw failure }
    guard remote == .open else { return }
    let when = isHandshakeComplete ? "without close_notify" : "during the handshake"
    let error = TLSError(.truncated, "the peer's side ended \(when)")
    failure = error
    throw error
  }

  /// Encrypts bytes for the peer.
  ///
  /// They wait inside until the handshake is complete; nothing is sent to a peer that has not been
  /// verified.
  public mutating func send(_ plaintext: Span<UInt8>) throws(TLSError) {
    if let failure { throw failure }
    guard local == .open else { throw TLSError(.closed, "sending after closing") }
    guard !plaintext.isEmpty else { return }
    guard isHandshakeComplete else {
      unsafe plaintext.withUnsafeBufferPointer { unsafe waiting.append(contentsOf: $0) }
      return
    }
    try recording { session throws(TLSError) in try session.write(plaintext) }
  }

  /// Appends what is to be sent to the peer.
  public mutating func takeCiphertext(appendingTo output: inout [UInt8]) {
    session.takeCiphertext(appendingTo: &output)
  }

  /// Tells the peer that we will send no more (`close_notify`).
  ///
  /// It may go on sending.
  public mutating func close() {
    guard local == .open else { return }
    local = .closed
    // After a failure the library must not be asked to shut down.
    if failure == nil, isHandshakeComplete { session.sendCloseNotify() }
  }
}

extension TLSConnection {
  private mutating func advanceHandshake() throws(TLSError) {
    guard handshake == .running else { return }
    let step = try recording { session throws(TLSError) in try session.advanceHandshake() }
    guard step == .done else { return }
    handshake = .complete
    verifiedPeer = session.verifiedPeer()
    if !waiting.isEmpty {
      let plaintext = waiting
      waiting = []
      try send(plaintext.span)
    }
  }

  private mutating func read(
    appendingTo plaintext: inout [UInt8]
  ) throws(TLSError) -> TLSSession.Step {
    try recording { session throws(TLSError) in try session.read(appendingTo: &plaintext) }
  }

  /// Remembers a failure, so that nothing is tried after it.
  private mutating func recording<Result>(
    _ body: (inout TLSSession) throws(TLSError) -> Result
  ) throws(TLSError) -> Result {
    do {
      return try body(&session)
    } catch {
      failure = error
      waiting = []
      throw error
    }
  }
}
