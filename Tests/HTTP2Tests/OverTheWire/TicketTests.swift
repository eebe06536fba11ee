import Foundation
import Net
import OpenSSL
import Testing

/// Resumption and renewal of certificates, as `openssl s_client` sees them.
struct TicketTests {
  /// What s_client says of a connection, and whether it saved the handshake.
  private static func connect(
    _ server: WireServer, _ arguments: [String]
  ) throws -> (text: String, isReused: Bool) {
    // The ticket comes after the handshake, with the first bytes of HTTP/2.
    let (_, text) = try WireCertificate.openssl(
      ["s_client", "-connect", "127.0.0.1:\(server.port)", "-alpn", "h2", "-ign_eof"] + arguments,
      input: "")
    return (text, text.contains("Reused, TLSv1."))
  }

  @Test(arguments: ["-tls1_3", "-tls1_2"])
  func `a ticket saves a handshake, until the certificate is another`(
    _ version: String
  ) async throws {
    let file = NSTemporaryDirectory() + "/ticket-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    var limits = NetLimits()
    // Ends s_client, which waits for the server.
    limits.timeToEstablish = .milliseconds(300)
    limits.linger = .milliseconds(10)
    let server = try await WireServer(tls: WireCertificate.server(), limits: limits)
    try await onThread {
      let first = try Self.connect(server, [version, "-sess_out", file])
      #expect(!first.isReused, "\(first.text)")
      let second = try Self.connect(server, [version, "-sess_in", file])
      #expect(second.isReused, "\(second.text)")
    }.get()
    await server.use(try WireCertificate.server())
    try await onThread {
      let third = try Self.connect(server, [version, "-sess_in", file])
      #expect(!third.isReused, "\(third.text)")
    }.get()
    await server.shutDown(grace: .zero)
  }
}
