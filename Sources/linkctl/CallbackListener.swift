internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Synchronization

/// Waits on this machine for the browser to come back from the provider.
struct CallbackListener: Sendable {
  /// The path that is registered with the provider.
  static let path = "/callback"
  /// The port that is registered with the provider, unless another is asked for.
  static let standardPort: UInt16 = 8765
  /// How long a browser may take to read its page.
  private static let goodbyeSeconds = 1.0

  let port: UInt16

  /// What to register with the provider, to the letter.
  ///
  /// X takes `127.0.0.1` and not `localhost`.
  var url: String { Self.url(port: port) }

  static func url(port: UInt16) -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Runs `body` while the port is open.
  ///
  /// Fails before `body` begins if the port cannot be had.
  func listen<Result: Sendable>(
    _ body: sending (CallbackInbox) async throws -> Result
  ) async throws -> Result {
    let inbox = CallbackInbox()
    let server = HTTPServer(
      address: try .inet(ip4: "127.0.0.1", port: port), logger: .disabled, handler: inbox)
    let serving = Task { try await server.run() }
    do {
      try await server.waitUntilListening(timeout: Self.goodbyeSeconds)
    } catch {
      serving.cancel()
      throw Failure(
        .localFault, "cannot listen on 127.0.0.1:\(port)",
        hint: "end what has it, or use --port with a port that the app has a callback URL for")
    }
    do {
      let result = try await body(inbox)
      await server.stop(timeout: Self.goodbyeSeconds)
      return result
    } catch {
      await server.stop(timeout: Self.goodbyeSeconds)
      throw error
    }
  }
}

/// Takes the callback that belongs to one request token and turns all others away.
final class CallbackInbox: HTTPHandler, Sendable {
  private enum State {
    /// Nobody has said yet which request token is waited for.
    case closed
    case waiting(token: String)
    case taken
  }

  private let state = Mutex(State.closed)
  private let (callbacks, arrival) = AsyncStream.makeStream(of: Callback.self)

  /// Lets the callback of this request token in.
  ///
  /// To be said before anybody learns the address of the page: a browser can be quick.
  func expect(token: String) { state.withLock { $0 = .waiting(token: token) } }

  /// Waits for the callback that is expected, but no longer than until `deadline`.
  func callback(until deadline: ContinuousClock.Instant) async throws(Failure) -> Callback {
    let timer = Task { [arrival] in
      try? await Task.sleep(until: deadline, clock: .continuous)
      arrival.finish()
    }
    defer { timer.cancel() }
    for await callback in callbacks { return callback }
    throw Failure(.tryLater, "nobody came back in time", hint: "start again")
  }

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard request.method == .GET, request.path == CallbackListener.path else {
      return Page.notFound
    }
    guard let callback = Callback(query: request.target.query()), take(callback) else {
      return Page.notWaitedFor
    }
    arrival.yield(callback)
    return Page.received(callback)
  }

  /// Whether this is the callback that is waited for; true only once.
  private func take(_ callback: Callback) -> Bool {
    state.withLock { state in
      // Compared by bytes: Swift takes different spellings of a character as equal.
      guard case .waiting(let token) = state, token.utf8.elementsEqual(callback.token.utf8) else {
        return false
      }
      state = .taken
      return true
    }
  }
}

/// The plain pages that the browser is shown.
///
/// They repeat nothing of the request.
private enum Page {
  static var notFound: HTTPResponse { page(.notFound, "There is nothing here.") }

  static var notWaitedFor: HTTPResponse {
    page(.badRequest, "This is not the answer that linkctl waits for.")
  }

  static func received(_ callback: Callback) -> HTTPResponse {
    switch callback {
    case .granted, .code: page(.ok, "linkctl has your answer. You can close this window.")
    case .denied: page(.ok, "linkctl knows that you said no. You can close this window.")
    }
  }

  private static func page(_ status: HTTPStatusCode, _ text: String) -> HTTPResponse {
    let html = """
      <!doctype html><html lang="en"><meta charset="utf-8"><title>linkctl</title><p>\(text)</p></html>

      """
    return HTTPResponse(
      statusCode: status,
      headers: [
        .contentType: "text/html; charset=utf-8",
        HTTPHeader("Cache-Control"): "no-store",
        HTTPHeader("Content-Security-Policy"): "default-src 'none'",
        HTTPHeader("Referrer-Policy"): "no-referrer",
        HTTPHeader("Connection"): "close",
      ],
      body: Data(html.utf8))
  }
}
