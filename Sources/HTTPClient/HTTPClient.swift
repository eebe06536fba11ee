public import Net
import Synchronization

/// Sends requests to a fixed set of servers and takes nothing from them but a bounded answer.
///
/// Redirects are not followed, answers are not decompressed, cookies, `.netrc` and the environment's
/// proxies are ignored, TLS is at least 1.2 and always verified. Connections are kept and reused.
/// Wraps libcurl's multi interface, driven by an event loop.
public final class HTTPClient: Sendable {
  private let loop: EventLoop
  private let driver: Driver
  private let configuration: Configuration

  /// Works on `loop`, until that or the client itself is shut down.
  public init(loop: EventLoop, configuration: Configuration) {
    self.loop = loop
    self.configuration = configuration
    driver = Driver(loop, configuration)
  }

  /// Sends `request` and returns the answer, whatever its status.
  ///
  /// `timeout` counts from now and can only shorten the configured one. Cancelling the task aborts
  /// the exchange. An error says whether the request may have reached the server.
  public func send(
    _ request: HTTPRequest, timeout: Duration? = nil
  ) async throws(HTTPClientError) -> HTTPResponse {
    let prepared = try PreparedRequest(request, origins: configuration.origins)
    let time = min(timeout ?? configuration.timeout, configuration.timeout)
    guard time > .zero else { throw HTTPClientError(.timeout, "no time was left") }
    let call = Call()
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        call.begin(continuation)
        loop.execute { [driver] in driver.start(call, prepared, timeout: time) }
      }
    } onCancel: {
      call.cancel()
      loop.execute { [driver] in driver.cancel(call) }
    }
    return try outcome.get()
  }

  /// Fails what is under way, closes all connections and refuses further requests.
  public func shutdown() async {
    await loop.run { [driver] in driver.end() }
  }
}

/// Somebody who waits for an outcome, on whatever thread.
final class Call: Sendable {
  typealias Outcome = Result<HTTPResponse, HTTPClientError>

  private struct State {
    var continuation: CheckedContinuation<Outcome, Never>?
    var isCancelled = false
  }

  private let state = Mutex(State())

  /// Set at once by the task that is cancelled, before the loop hears of it: a call can be
  /// cancelled before it has started.
  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func begin(_ continuation: CheckedContinuation<Outcome, Never>) {
    state.withLock { $0.continuation = continuation }
  }

  func cancel() { state.withLock { $0.isCancelled = true } }

  /// Wakes whoever waits, once.
  func finish(_ outcome: Outcome) {
    let continuation = state.withLock { $0.continuation.take() }
    continuation?.resume(returning: outcome)
  }
}
