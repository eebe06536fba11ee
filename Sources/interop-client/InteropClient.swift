import ArgumentParser
import Interop
import Net
import OpenSSL
import RPC
import RPCNet

/// Makes the calls of gRPC's interoperability tests, or those that it is told to make.
@main
struct InteropClient: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "interop-client", abstract: "Runs a test case against grpc.testing.TestService.",
    discussion: """
      Succeeds if the server does what the case asks for.

      Without a case it calls testing.calls.Calls: reads messages of the type testing.calls.Call
      from standard input, each behind its length in four bytes, and writes a testing.calls.Outcome
      for each in the same form.

      Example: interop-client --port 10000 --test-case ping_pong
      """)

  @Option(help: "Where the server listens, on 127.0.0.1.")
  var port: UInt16

  @Option(help: "The name of a case; there may be several.")
  var testCase: [TestCase] = []

  @Option(
    name: .customLong("tls-ca"),
    help: "The certificates that are trusted; with them, the connection is encrypted.")
  var tlsCA: String?

  @Option(help: "The certificate chain that says who is calling.")
  var tlsCert: String?

  @Option(help: "The private key of that certificate.")
  var tlsKey: String?

  @Option(name: .customLong("protocol"), help: "The protocol that is spoken.")
  var language = Language.grpc

  @Option(help: "The largest message that is read, in bytes.")
  var messageLimit = CallLimits().messageBytes

  func run() async throws {
    let loop = try EventLoop()
    let channel = RPCChannel(try configuration(), on: loop)
    let result: Result<Void, any Error>
    do { result = .success(try await makeCalls(on: channel)) } catch { result = .failure(error) }
    await channel.shutDown()
    loop.shutdown()
    try result.get()
  }

  private func makeCalls(on channel: RPCChannel) async throws {
    if testCase.isEmpty { return try await Conversation(channel).run() }
    for testCase in testCase {
      try await testCase.run(on: channel)
      print("\(testCase.rawValue): passed")
    }
  }

  private func configuration() throws -> RPCChannel.Configuration {
    let tls = try tlsCA.map {
      try TLSConfiguration.client(
        trustFile: $0, certificateChainFile: tlsCert, privateKeyFile: tlsKey)
    }
    var configuration = RPCChannel.Configuration(host: "127.0.0.1", port: port, tls: tls)
    configuration.callProtocol = language.callProtocol
    configuration.calls = CallLimits(messageBytes: messageLimit)
    return configuration
  }
}

extension TestCase: ExpressibleByArgument {}

/// What `--protocol` can be.
enum Language: String, CaseIterable, ExpressibleByArgument {
  case grpc, grpcweb, connect

  var callProtocol: CallProtocol {
    switch self {
    case .grpc: .grpc
    case .grpcweb: .grpcWeb
    case .connect: .connect
    }
  }
}
