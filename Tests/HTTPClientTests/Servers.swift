import Foundation
import Glibc
import HTTPClient
import Net

/// The Python process of `servers.py`, one for all tests; it ends when this process does.
final class Servers: Sendable {
  static let shared = Result { try Servers() }

  let folder: String
  private let ports: [String: Int]
  /// Kept open: its end is the sign to stop.
  private let standardInput: FileHandle

  private init() throws {
    // Whatever the environment says, no test may go through it.
    for name in ["all_proxy", "http_proxy", "https_proxy"] {
      _ = unsafe setenv(name, "http://127.0.0.1:1", 1)
    }
    let process = Process()
    process.executableURL = Self.root.appending(path: ".venv/bin/python")
    process.arguments = [Self.root.appending(path: "Tests/HTTPClientTests/servers.py").path]
    let input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    standardInput = input.fileHandleForWriting
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      guard let more = try output.fileHandleForReading.read(upToCount: 1), !more.isEmpty else {
        throw CocoaError(.fileReadUnknown)
      }
      line += more
    }
    let names = try JSONDecoder().decode([String: Name].self, from: line)
    folder = names["dir"]?.text ?? ""
    ports = names.compactMapValues(\.number)
  }

  func origin(_ name: String, scheme: String = "http", host: String = "127.0.0.1") -> String {
    "\(scheme)://\(host):\(ports[name] ?? 1)"
  }

  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private struct Name: Decodable {
    var text: String?
    var number: Int?
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      text = try? container.decode(String.self)
      number = try? container.decode(Int.self)
    }
  }
}

/// Runs `body` with a client that may go to these origins, on a loop of its own.
func withClient<Value>(
  _ origins: String..., configure: (inout HTTPClient.Configuration) -> Void = { _ in },
  body: (HTTPClient) async throws -> Value
) async throws -> Value {
  var configuration = HTTPClient.Configuration(origins: try origins.map { try Origin($0) })
  configure(&configuration)
  let loop = try EventLoop()
  let client = HTTPClient(loop: loop, configuration: configuration)
  do {
    let value = try await body(client)
    await client.shutdown()
    loop.shutdown()
    return value
  } catch {
    await client.shutdown()
    loop.shutdown()
    throw error
  }
}

extension HTTPClient {
  func get(_ url: String, timeout: Duration? = nil) async throws(HTTPClientError) -> HTTPResponse {
    try await send(HTTPRequest(method: "GET", url: url), timeout: timeout)
  }

  /// The error of a request that must fail; nil if it did not.
  func failure(_ request: HTTPRequest, timeout: Duration? = nil) async -> HTTPClientError? {
    do throws(HTTPClientError) {
      _ = try await send(request, timeout: timeout)
      return nil
    } catch {
      return error
    }
  }
}

extension HTTPResponse {
  var text: String { String(decoding: body, as: UTF8.self) }
}
