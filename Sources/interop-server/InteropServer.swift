import ArgumentParser
import Foundation
import Interop
import Linux
import Net
import OpenSSL
import RPC
import RPCNet
import RPCServices

/// Serves what gRPC's interoperability tests call.
@main
struct InteropServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interop-server", abstract: "Serves grpc.testing.TestService on 127.0.0.1.",
    discussion: "Example: interop-server --port 10000")

  @Option(help: "Where to listen; 0 lets the kernel choose.")
  var port: UInt16 = 0

  @Option(help: "The certificate chain; with it, connections are encrypted.")
  var tlsCert: String?

  @Option(help: "The private key of the certificate.")
  var tlsKey: String?

  @Option(help: "The largest message that is read, in bytes.")
  var messageLimit = CallLimits().messageBytes

  @Option(help: "An origin whose web pages may call.")
  var allowOrigin: [String] = []

  func validate() throws {
    guard (tlsCert == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-cert and --tls-key go together")
    }
  }

  func run() async throws {
    let group = try EventLoopGroup(count: 1)
    var configuration = RPCServer.Configuration(
      address: .ipv4(host: "127.0.0.1", port: port), tls: try tls())
    configuration.calls = CallLimits(messageBytes: messageLimit)
    configuration.origins = allowOrigin
    let health = Health(of: [TestServer(), ScriptedServer()])
    let services: [any RPC.Service] = [TestServer(), ScriptedServer(), health]
    let server = try await RPCServer.start(
      on: group, configuration, services: services + [Reflection(of: services)])
    FileHandle.standardOutput.write(Data("listening on \(server.address)\n".utf8))
    // Until a signal ends the process.
    while true { try await Task.sleep(for: .seconds(86_400)) }
  }

  private func tls() throws -> TLSConfiguration? {
    guard let tlsCert, let tlsKey else { return nil }
    return try .server(certificateChainFile: tlsCert, privateKeyFile: tlsKey)
  }
}
