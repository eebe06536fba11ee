import HTTP2
import Linux
import Net
import RPCNet
import Synchronization

/// Sends requests as no gRPC library would, and keeps the answer frame by frame.
final class RawExchange: StreamHandler, @unchecked Sendable {
  // Everything mutable is touched on the connection's loop, until `continuation` is resumed.

  /// What came back, in order.
  enum Part: Equatable {
    case headers([String: String], endStream: Bool)
    case data([UInt8], endStream: Bool)
    case trailers([String: String])
    case closed(ErrorCode, connectionLost: Bool)
  }

  private var parts: [Part] = []
  private var continuation: CheckedContinuation<[Part], Never>?
  private var stream: Net.Stream?

  /// Sends a request and returns all that came back until the stream was closed.
  static func run(
    on connection: Connection, _ headers: HeaderBlock, _ pieces: [[UInt8]], endStream: Bool = true
  ) async -> [Part] {
    let exchange = RawExchange()
    return await withCheckedContinuation { continuation in
      connection.loop.execute {
        exchange.continuation = continuation
        do throws(NetError) {
          let isBare = pieces.isEmpty && endStream
          let stream = try connection.openStream(headers, endStream: isBare, handler: exchange)
          exchange.stream = stream
          for (index, piece) in pieces.enumerated() {
            stream.sendData(piece, endStream: endStream && index == pieces.count - 1)
          }
        } catch {
          exchange.finish()
        }
      }
    }
  }

  private func finish() {
    continuation?.resume(returning: parts)
    continuation = nil
  }

  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool) {
    parts.append(.headers(headers.dictionary, endStream: endStream))
  }

  func receivedData(_ bytes: Span<UInt8>, endStream: Bool) {
    parts.append(.data(bytes.indices.map { bytes[$0] }, endStream: endStream))
  }

  func receivedTrailers(_ trailers: HeaderBlock) {
    parts.append(.trailers(trailers.dictionary))
  }

  func becameWritable() {}

  func closed(_ code: ErrorCode, connectionLost: Bool) {
    parts.append(.closed(code, connectionLost: connectionLost))
    finish()
  }
}

extension [RawExchange.Part] {
  /// The fields of the first HEADERS.
  var headers: [String: String] {
    guard case .headers(let fields, _)? = first else { return [:] }
    return fields
  }

  /// The fields after the messages.
  var trailers: [String: String] {
    for case .trailers(let fields) in self { return fields }
    return [:]
  }

  /// The `grpc-status`, wherever it stood.
  var status: String? {
    for part in self {
      switch part {
      case .headers(let fields, _), .trailers(let fields):
        if let status = fields["grpc-status"] { return status }
      default: break
      }
    }
    return nil
  }
}

/// Runs `body` with a connection of its own that knows nothing of gRPC.
func withConnection(
  to server: RPCServer, _ body: (Connection) async throws -> Void
) async throws {
  let loop = try EventLoop(name: "raw")
  defer { loop.shutdown() }
  let connection = try await Connection.dial(
    Connection.Target(host: "127.0.0.1", port: server.address.port ?? 0), on: loop)
  let result: Result<Void, any Error>
  do { result = .success(try await body(connection)) } catch { result = .failure(error) }
  await loop.run { connection.close() }
  try result.get()
}

/// The header fields of a call of `Greeter.SayHello`, but for some changes.
func headers(_ changes: KeyValuePairs<String, String?> = [:]) -> HeaderBlock {
  var block = HeaderBlock()
  let usual: KeyValuePairs = [
    ":method": "POST", ":scheme": "http", ":path": "/helloworld.Greeter/SayHello",
    ":authority": "test", "content-type": "application/grpc", "te": "trailers",
  ]
  for (name, value) in usual where !changes.contains(where: { $0.key == name }) {
    if name.hasPrefix(":") { block.append(name, value) }
  }
  for (name, value) in changes where name.hasPrefix(":") {
    if let value { block.append(name, value) }
  }
  for (name, value) in usual where !changes.contains(where: { $0.key == name }) {
    if !name.hasPrefix(":") { block.append(name, value) }
  }
  for (name, value) in changes where !name.hasPrefix(":") {
    if let value { block.append(name, value) }
  }
  return block
}
