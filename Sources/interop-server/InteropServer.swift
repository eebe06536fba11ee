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
    discussion: """
      Prints a line on standard error for each peer that it refuses.

      Example: interop-server --port 10000
      """)

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

  @Option(help: "How many event loops to run.")
  var loops = 1

  @Option(help: "For how many microseconds each call keeps its loop busy.")
  var work = 0

  @Option(help: "Run without this defence, to see what an attack does then.")
  var without: [Defence] = []

  @Flag(help: "Wait for slow peers for a fraction of a second only.")
  var hurry = false

  @Option(help: "How many connections one address may have.")
  var connectionsPerAddress: Int?

  func validate() throws {
    guard (tlsCert == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-cert and --tls-key go together")
    }
  }

  func run() async throws {
    let group = try EventLoopGroup(count: loops)
    let configuration = try configuration()
    let health = Health(of: [TestServer(), ScriptedServer()])
    let services: [any RPC.Service] = [TestServer(), ScriptedServer(), health]
    let server = try await RPCServer.start(
      on: group, configuration, services: services + [Reflection(of: services)],
      interceptors: work > 0 ? [Work(time: .microseconds(work))] : [])
    FileHandle.standardOutput.write(Data("listening on \(server.address)\n".utf8))
    // Until a signal ends the process.
    while true { try await Task.sleep(for: .seconds(86_400)) }
  }

  private func configuration() throws -> RPCServer.Configuration {
    var configuration = RPCServer.Configuration(
      address: .ipv4(host: "127.0.0.1", port: port), tls: try tls())
    configuration.calls = CallLimits(messageBytes: messageLimit)
    configuration.origins = allowOrigin
    configuration.net.connectionsPerAddress = connectionsPerAddress
    configuration.admission.exempt = Health.paths
    if hurry { configuration.hurry() }
    for defence in without { defence.switchOff(in: &configuration) }
    configuration.refused = { refusal in
      let frames = refusal.frames.map { " frames: \($0)" } ?? ""
      let line = "refused reason=\(refusal.reason.rawValue) peer=\(refusal.peer)\(frames)\n"
      FileHandle.standardError.write(Data(line.utf8))
    }
    return configuration
  }

  private func tls() throws -> TLSConfiguration? {
    guard let tlsCert, let tlsKey else { return nil }
    return try .server(certificateChainFile: tlsCert, privateKeyFile: tlsKey)
  }
}
