import ArgumentParser
import Interop
import Net
import OpenSSL
import RPCNet

/// Makes the calls of gRPC's interoperability tests.
@main
struct InteropClient: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interop-client", abstract: "Runs a test case against grpc.testing.TestService.",
    discussion: """
      Succeeds if the server does what the case asks for.

      Example: interop-client --port 10000 --test-case ping_pong
      """)

  @Option(help: "Where the server listens, on 127.0.0.1.")
  var port: UInt16

  @Option(help: "The name of the case.")
  var testCase: TestCase

  @Option(
    name: .customLong("tls-ca"),
    help: "The certificates that are trusted; with them, the connection is encrypted.")
  var tlsCA: String?

  func run() async throws {
    let loop = try EventLoop()
    let tls = try tlsCA.map { try TLSConfiguration.client(trustFile: $0) }
    let channel = RPCChannel(.init(host: "127.0.0.1", port: port, tls: tls), on: loop)
    let result: Result<Void, any Error>
    do { result = .success(try await testCase.run(on: channel)) } catch { result = .failure(error) }
    await channel.shutDown()
    loop.shutdown()
    try result.get()
    print("\(testCase.rawValue): passed")
  }
}

extension TestCase: ExpressibleByArgument {}
