import OpenSSL

/// A client and a server that hand each other their ciphertext in memory, cut into pieces.
final class TLSPair {
  var client: TLSConnection
  var server: TLSConnection
  /// The most bytes that arrive at once.
  var piece = Int.max
  private(set) var atClient: [UInt8] = []
  private(set) var atServer: [UInt8] = []
  private(set) var clientFailure: TLSError?
  private(set) var serverFailure: TLSError?

  init(
    client: TLSConfiguration? = nil, server: TLSConfiguration? = nil, name: String = "localhost"
  ) throws {
    let client = try client ?? TestCertificates.client()
    let server = try server ?? TestCertificates.server()
    self.client = try TLSConnection(client: client, serverName: name)
    self.server = try TLSConnection(server: server)
  }

  var clientIsComplete: Bool { client.isHandshakeComplete }
  var serverIsComplete: Bool { server.isHandshakeComplete }
  var clientNames: [TLSPeerName] { client.verifiedPeerNames }
  var serverNames: [TLSPeerName] { server.verifiedPeerNames }

  /// Delivers until neither has anything to say.
  ///
  /// Failures are kept, their alerts delivered.
  func run() {
    while client.hasCiphertext || server.hasCiphertext {
      var toServer: [UInt8] = []
      client.takeCiphertext(appendingTo: &toServer)
      deliver(toServer, toServer: true)
      var toClient: [UInt8] = []
      server.takeCiphertext(appendingTo: &toClient)
      deliver(toClient, toServer: false)
    }
  }

  private func deliver(_ bytes: [UInt8], toServer: Bool) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let next = Array(rest.prefix(piece))
      rest = rest.dropFirst(piece)
      do throws(TLSError) {
        if toServer {
          try server.receive(next.span, appendingTo: &atServer)
        } else {
          try client.receive(next.span, appendingTo: &atClient)
        }
      } catch {
        if toServer {
          serverFailure = serverFailure ?? error
        } else {
          clientFailure = clientFailure ?? error
        }
      }
    }
  }
}

/// How a TLS call failed; nil if it did not.
func failure(of body: () throws -> Void) -> TLSError.Kind? {
  do {
    try body()
    return nil
  } catch {
    return (error as? TLSError)?.kind
  }
}
