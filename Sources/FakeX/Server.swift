import FlyingFox
import FlyingSocks
import Foundation
import Glibc
import Synchronization

/// The stand-in on a port of the loopback interface, over HTTP/1.1.
///
/// Everything it decides is decided by the `Platform` inside, one request at a time.
public final class Server: Sendable {
  private let platform: Mutex<Platform>
  private let http: Mutex<Running?> = Mutex(nil)

  private struct Running: Sendable {
    let server: HTTPServer
    let task: Task<Void, any Error>
  }

  /// Prepares a server; `start` opens its port.
  public init(_ configuration: Configuration = Configuration()) {
    var random = SystemRandomNumberGenerator()
    platform = Mutex(Platform(configuration, seed: random.next()))
  }

  /// Looks at or changes the platform between two requests.
  public func withPlatform<Result: Sendable>(_ body: (inout Platform) -> sending Result) -> Result {
    platform.withLock { platform in body(&platform) }
  }

  /// Listens on 127.0.0.1 and returns the port; 0 lets the kernel choose.
  ///
  /// Stop it: a server that is dropped keeps its port.
  public func start(port: UInt16 = 0) async throws -> UInt16 {
    let configuration = HTTPServer.Configuration(
      address: try sockaddr_in.inet(ip4: "127.0.0.1", port: port),
      // Longer than any answer is held back, because FlyingFox would answer 500 then.
      timeout: TimeInterval(2 * Limits.delay) / 1000, logger: .disabled)
    let server = HTTPServer(config: configuration, handler: Handler(server: self))
    let task = Task { try await server.run() }
    try await server.waitUntilListening()
    guard case .ip4(_, let port) = await server.listeningAddress else {
      throw SocketError.unsupportedAddress
    }
    http.withLock { $0 = Running(server: server, task: task) }
    return port
  }

  /// Waits until the server has stopped.
  public func run() async throws {
    try await http.withLock { $0 }?.task.value
  }

  /// Closes the port and every connection.
  public func stop() async {
    let running = http.withLock { running in
      defer { running = nil }
      return running
    }
    await running?.server.stop(timeout: 0)
    _ = await running?.task.result
  }

  fileprivate func answer(_ request: Request) -> Answer {
    // Whole seconds, as timestamps have them.
    let now = Int64(Date().timeIntervalSince1970)
    return platform.withLock { $0.receive(request, at: now) }
  }
}

/// Translates FlyingFox's requests and answers into ours, and back.
private struct Handler: HTTPHandler {
  let server: Server

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard let body = try await Self.body(of: request) else {
      return HTTPResponse(statusCode: HTTPStatusCode(413, phrase: "Content Too Large"))
    }
    let answer = server.answer(
      Request(
        request.method.rawValue, request.target.rawValue,
        headers: request.headers.map { Header($0.key.rawValue, $0.value) }, body: body))
    return try await Self.deliver(answer)
  }

  private static func body(of request: HTTPRequest) async throws -> [UInt8]? {
    var body: [UInt8] = []
    for try await chunk in request.bodySequence {
      body += chunk
      guard body.count <= Limits.requestBody else { return nil }
    }
    return body
  }

  private static func deliver(_ answer: Answer) async throws -> HTTPResponse {
    switch answer.delivery {
    case .now: break
    case .delayed(let milliseconds): try await Task.sleep(for: .milliseconds(milliseconds))
    case .trickled(let milliseconds): return trickle(answer, milliseconds)
    case .hung:
      try await Task.sleep(for: .milliseconds(Limits.delay))
      return HTTPResponse(webSocket: Silence())
    case .closed: return HTTPResponse(webSocket: Silence())
    }
    return HTTPResponse(
      statusCode: status(answer), headers: headers(answer), body: Data(answer.body))
  }

  private static func trickle(_ answer: Answer, _ milliseconds: Int) -> HTTPResponse {
    let bytes = Trickle(bytes: answer.body, pause: .milliseconds(milliseconds))
    return HTTPResponse(
      statusCode: status(answer), headers: headers(answer),
      body: HTTPBodySequence(from: bytes, count: answer.body.count, suggestedBufferSize: 1))
  }

  private static func status(_ answer: Answer) -> HTTPStatusCode {
    HTTPStatusCode(answer.status, phrase: phrases[answer.status] ?? "Status")
  }

  private static let phrases = [
    200: "OK", 301: "Moved Permanently", 302: "Found", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable",
  ]

  private static func headers(_ answer: Answer) -> HTTPHeaders {
    answer.headers.reduce(into: HTTPHeaders()) { headers, header in
      headers.addValue(header.value, for: HTTPHeader(header.name))
    }
  }
}

/// Fails before FlyingFox has written anything, which closes the connection without an answer.
private struct Silence: WSHandler {
  struct Closed: Error {}

  func makeFrames(
    for client: AsyncThrowingStream<WSFrame, any Error>
  ) async throws -> AsyncStream<WSFrame> {
    throw Closed()
  }
}

/// A body that comes one byte at a time.
private struct Trickle: AsyncBufferedSequence {
  typealias Element = UInt8

  let bytes: [UInt8]
  let pause: Duration

  func makeAsyncIterator() -> Iterator { Iterator(rest: bytes[...], pause: pause) }

  struct Iterator: AsyncBufferedIteratorProtocol {
    var rest: ArraySlice<UInt8>
    let pause: Duration

    mutating func next() async throws -> UInt8? {
      guard let byte = rest.popFirst() else { return nil }
      try await Task.sleep(for: pause)
      return byte
    }

    mutating func nextBuffer(suggested count: Int) async throws -> ArraySlice<UInt8>? {
      try await next().map { [$0] }
    }
  }
}
