import Foundation
import HTTP2
import Linux
import Net
import Testing

/// Our server and our client against hyper-h2, an implementation that shares nothing with nghttp2.
struct OutsideTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
  private static let interpreter =
    folder
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".venv/bin/python")

  private func peer(_ arguments: [String]) -> (Process, output: Pipe) {
    let process = Process()
    process.executableURL = Self.interpreter
    process.arguments = [Self.folder.appending(path: "Python/peer.py").path] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    return (process, output)
  }

  @Test func `hyper-h2 gets its bytes back from our server`() async throws {
    let group = try EventLoopGroup(count: 1)
    let server = try await Server.start(
      on: group, .init(address: .ipv4(host: "127.0.0.1", port: 0)), acceptor: EchoAcceptor())
    let (process, output) = peer(["call", "\(server.address.port ?? 0)"])
    try process.run()
    let text = await Task.detached {
      String(decoding: (try? output.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    }.value
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    await server.shutDown(grace: .seconds(5))
    group.shutdown()
  }

  @Test func `our client gets its bytes back from hyper-h2`() async throws {
    let (process, output) = peer(["serve"])
    let input = Pipe()
    process.standardInput = input
    try process.run()
    defer {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let port = try #require(line.split(whereSeparator: \.isNewline).first.flatMap { UInt16($0) })
    let loop = try EventLoop()
    let connection = try await Connection.dial(.init(host: "127.0.0.1", port: port), on: loop)
    for size in [0, 1, 16_385, 65_536, 1_000_000] {
      let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13) }
      let answer = await connection.echo(body)
      #expect(answer.body == body && answer.code == .noError)
      #expect(answer.trailers.string("echo-status") == "0")
    }
    loop.shutdown()
  }
}
