import ArgumentParser
import Foundation
import Net
import OpenSSL
import Protobuf
import RPC
import RPCNet

/// Makes calls of one method at a steady rate, whether they are answered in time or not.
@main
struct LoadClient: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load-client", abstract: "Calls one method of a server at a steady rate.",
    discussion: """
      Ends when its input does. Prints how many calls have ended, four times a second, and in the \
      end an object of JSON: for each status code how many calls had it, and how many milliseconds \
      they took.

      Example: load-client --server 127.0.0.1:7443 --method link.v1.LinkService/ListAccounts \
      --request 0a0c70726f66696c65732f616e6e --token-file token --rate 500
      """)

  @Option(help: "Where the server is, as gRPC names it.")
  var server: String

  @Option(help: "What is called, as SERVICE/METHOD; it must be unary.")
  var method = "grpc.testing.TestService/EmptyCall"

  @Option(help: "The request, in hexadecimal.")
  var request = ""

  @Option(help: "A file with the bearer token of a connection; the next, for the next one.")
  var tokenFile: [String] = []

  @Option(help: "The certificates that are trusted; with them, connections are encrypted.")
  var tlsCA: String?

  @Option(help: "Calls a second, of all connections together.")
  var rate = 500.0

  @Option(help: "Over how many connections the calls are spread.")
  var connections = 1

  @Option(help: "Calls under way at once; what is beyond is left out, and counted.")
  var most = 5000

  @Option(help: "How long a call may take, in seconds.")
  var timeout = 20.0

  @Option(help: "After how many seconds what has been seen is forgotten, and all begins.")
  var warmUp = 0.0

  @Flag(help: "Make a call again that failed because the server could not be reached.")
  var retry = false

  func validate() throws {
    guard method.split(separator: "/").count == 2 else {
      throw ValidationError("a method is SERVICE/METHOD")
    }
    guard rate > 0, rate <= 1e6, connections > 0, most > 0, timeout > 0, warmUp >= 0 else {
      throw ValidationError("only positive numbers")
    }
  }

  func run() async throws {
    let loop = try EventLoop()
    let channels = try (0..<connections).map { _ in RPCChannel(try channel(), on: loop) }
    let calls = Calls(try descriptor(), try Self.bytes(request), try options())
    let tally = await Load(rate: rate, most: most, warmUp: warmUp).run(channels, calls)
    for channel in channels { await channel.shutDown() }
    loop.shutdown()
    print(tally.json)
  }

  private func descriptor() throws -> MethodDescriptor<Empty, Empty> {
    let parts = method.split(separator: "/").map(String.init)
    return MethodDescriptor(service: parts[0], method: parts[1], kind: .unary)
  }

  private func channel() throws -> RPCChannel.Configuration {
    let tls = try tlsCA.map { try TLSConfiguration.client(trustFile: $0) }
    return RPCChannel.Configuration(server: try ServerName(server), tls: tls)
  }

  /// The options of calls, one for each token.
  private func options() throws -> [CallOptions] {
    let tokens = try tokenFile.map {
      try String(contentsOfFile: $0, encoding: .utf8)
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    var options = CallOptions(timeout: .seconds(timeout))
    options.isRepeatable = retry
    options.waitsForReady = retry
    guard !tokens.isEmpty else { return [options] }
    return tokens.map {
      options.metadata = ["authorization": "Bearer \($0)"]
      return options
    }
  }

  private static func bytes(_ text: String) throws -> Empty {
    let digits = Array(text.utf8)
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
    guard digits.count % 2 == 0, !bytes.contains(nil) else {
      throw ValidationError("the request is not in hexadecimal")
    }
    // What a message does not know it keeps.
    return try Empty(serialized: bytes.compactMap(\.self))
  }
}
