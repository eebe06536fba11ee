import Foundation
import Linux
import Net
import OpenSSL
import RPC
import RPCNet
import TestAPI
import Testing

/// What is below HTTP/2: a socket with or without TLS, or memory.
enum Transport: CaseIterable, Sendable {
  case plaintext, tls, memory

  /// Those over which other programs can be reached.
  static let sockets: [Transport] = [.plaintext, .tls]

  func server() throws -> TLSConfiguration? {
    guard self == .tls else { return nil }
    let (certificate, key) = try Certificate.files.get()
    return try .server(certificateChainFile: certificate, privateKeyFile: key)
  }

  func client() throws -> TLSConfiguration? {
    self == .tls ? try .client(trustFile: Certificate.files.get().certificate) : nil
  }

  /// What the Python server or client takes as further arguments.
  func files(server: Bool) throws -> [String] {
    guard self == .tls else { return [] }
    let (certificate, key) = try Certificate.files.get()
    return server ? [certificate, key] : [certificate]
  }
}

/// A certificate of 127.0.0.1 that vouches for itself, made when the first test needs it and
/// removed when the process ends.
enum Certificate {
  private static let directory =
    NSTemporaryDirectory() + "/linkd-rpcnet-\(ProcessInfo.processInfo.processIdentifier)"

  static let files = Result { () throws -> (certificate: String, key: String) in
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: Certificate.directory) }
    let files = (certificate: directory + "/server.pem", key: directory + "/server.key")
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/openssl")
    openssl.arguments =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
      .split(separator: " ").map(String.init)
      + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files.key, "-out", files.certificate]
    openssl.standardError = Pipe()
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0)
    return files
  }
}

/// Runs `body` with a server of ours on a port of the kernel's choice, and a channel to it.
func withServer<Value>(
  _ services: [any Service], over transport: Transport = .plaintext, loops: Int = 1,
  interceptors: [any ServerInterceptor] = [],
  configure: (inout RPCServer.Configuration) -> Void = { _ in },
  _ body: (RPCServer, RPCChannel) async throws -> Value
) async throws -> Value {
  let group = try EventLoopGroup(count: loops)
  defer { group.shutdown() }
  var configuration = RPCServer.Configuration(
    address: .ipv4(host: "127.0.0.1", port: 0), tls: try transport.server())
  if transport == .memory { configuration = RPCServer.Configuration(network: MemoryNetwork()) }
  configure(&configuration)
  let server = try await RPCServer.start(
    on: group, configuration, services: services, interceptors: interceptors)
  let result: Result<Value, any Error>
  do {
    result = .success(
      try await withChannel(transport, to: server, configuration.network) { channel in
        try await body(server, channel)
      })
  } catch { result = .failure(error) }
  await server.shutDown(grace: .zero)
  return try result.get()
}

/// Runs `body` with a channel to a server of ours.
private func withChannel<Value>(
  _ transport: Transport, to server: RPCServer, _ network: MemoryNetwork?,
  _ body: (RPCChannel) async throws -> Value
) async throws -> Value {
  guard let network else {
    return try await withChannel(transport, port: server.address.port ?? 0, body)
  }
  return try await withChannel(to: .addresses([server.address]), { $0.network = network }, body)
}

/// Runs `body` with a channel of ours on a loop of its own.
func withChannel<Value>(
  _ transport: Transport, port: UInt16, _ body: (RPCChannel) async throws -> Value
) async throws -> Value {
  let loop = try EventLoop(name: "client")
  defer { loop.shutdown() }
  let channel = RPCChannel(
    RPCChannel.Configuration(host: "127.0.0.1", port: port, tls: try transport.client()), on: loop)
  let result: Result<Value, any Error>
  do { result = .success(try await body(channel)) } catch { result = .failure(error) }
  await channel.shutDown()
  return try result.get()
}

/// Peers in Python: the greeter of grpcio, and a server that is wrong on purpose.
enum Python {
  private static let scripts = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Python")
  private static let interpreter = scripts.deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: ".venv/bin/python")

  private static func process(
    _ arguments: [String], of script: String = "greeter.py"
  ) -> (Process, output: Pipe) {
    let process = Process()
    process.executableURL = interpreter
    process.arguments = [scripts.appending(path: script).path] + arguments
    // Another test of this process may name a proxy, and grpcio would ask it.
    process.environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.lowercased().hasSuffix("proxy") }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    return (process, output)
  }

  /// Calls the server at this port in every way; returns what the script had to say.
  static func call(
    _ transport: Transport, port: UInt16
  ) async throws -> (status: CInt, output: String) {
    let (process, output) = process(
      ["call", "\(port)"] + (try transport.files(server: false)))
    try process.run()
    let text = await Task.detached {
      String(decoding: (try? output.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    }.value
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  /// Runs `body` with a server of grpcio, which may ask for client certificates of this authority.
  static func withServer<Value>(
    _ transport: Transport, clientCA: String? = nil, _ body: (_ port: UInt16) async throws -> Value
  ) async throws -> Value {
    let files = try transport.files(server: true) + [clientCA].compactMap(\.self)
    let (process, output) = process(["serve"] + files)
    return try await running(process) { try await body(try port(in: output)) }
  }

  /// Runs `body` beside a process that ends when its input does.
  private static func running<Value>(
    _ process: Process, _ body: () async throws -> Value
  ) async throws -> Value {
    let input = Pipe()
    process.standardInput = input
    try process.run()
    defer {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
    return try await body()
  }

  /// Runs `body` with a server that does to each request what its method is called, or one that
  /// does not speak HTTP/2 at all.
  static func withEvilServer<Value>(
    speaksHTTP2: Bool = true, _ body: (_ port: UInt16) async throws -> Value
  ) async throws -> Value {
    let (process, output) = process(speaksHTTP2 ? [] : ["http1"], of: "evil_server.py")
    return try await running(process) { try await body(try port(in: output)) }
  }

  private static func port(in output: Pipe) throws -> UInt16 {
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let port = line.split(whereSeparator: { $0 == ":" || $0.isNewline }).last.flatMap { UInt16($0) }
    return try #require(port, "\(line)")
  }
}
