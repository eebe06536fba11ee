import ArgumentParser
import Foundation
import HTTP2
import Linux
import Net
import OpenSSL
import RPC
import RPCNet
import TestAPI

/// Serves the greeting that gRPC's own benchmarks serve, so that the runtime can be measured beside
/// others.
@main
struct EchoServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo-server", abstract: "Answers helloworld.Greeter/SayHello on 127.0.0.1.",
    discussion: "Example: taskset -c 0 echo-server --port 7002 --loops 1")

  @Option(help: "Where to listen; 0 lets the kernel choose.")
  var port: UInt16 = 0

  @Option(help: "How many event loops to run.")
  var loops = 1

  @Option(help: "The certificate chain; with it, connections are encrypted.")
  var tlsCert: String?

  @Option(help: "The private key of the certificate.")
  var tlsKey: String?

  @Flag(help: "Run each handler in a task, as those that wait are.")
  var tasks = false

  func validate() throws {
    guard (tlsCert == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-cert and --tls-key go together")
    }
  }

  func run() async throws {
    let group = try EventLoopGroup(count: loops)
    var configuration = RPCServer.Configuration(
      address: .ipv4(host: "127.0.0.1", port: port), tls: try tls())
    // As many streams as limit.c allows, so that both do the same work.
    configuration.http2.concurrentStreams = 1000
    let greeter = Greeter(usesTasks: tasks)
    let server = try await RPCServer.start(on: group, configuration, services: [greeter])
    FileHandle.standardOutput.write(Data("listening on \(server.address)\n".utf8))
    // Until a signal ends the process.
    while true { try await Task.sleep(for: .seconds(86_400)) }
  }

  private func tls() throws -> TLSConfiguration? {
    guard let tlsCert, let tlsKey else { return nil }
    return try .server(certificateChainFile: tlsCert, privateKeyFile: tlsKey)
  }
}

/// Says "Hello", without waiting or, for comparison, in a task as if it had to wait.
private struct Greeter: GreeterProtocol {
  let usesTasks: Bool

  func register(in router: inout Router) {
    router.add(GreeterMethods.file)
    if usesTasks {
      router.unary(GreeterMethods.sayHello, sayHello)
    } else {
      router.unary(GreeterMethods.sayHello, withoutWaiting: greet)
    }
  }

  func sayHello(_ request: HelloRequest, context: ServerContext) async throws -> HelloReply {
    greet(request, context)
  }

  private func greet(_ request: HelloRequest, _ context: ServerContext) -> HelloReply {
    var reply = HelloReply()
    reply.message = "Hello " + request.name
    return reply
  }
}
