import FakeX
import LinkService
import OAuth
import Synchronization

/// The offline X, asked without a network.
final class ScriptedX: ProviderTransport {
  static let origin = "http://x.test"

  private let platform: Mutex<Platform>
  private let time: @Sendable () -> Int64
  private let interruption = Mutex<(@Sendable () async -> Void)?>(nil)

  private let isHeld = Mutex(false)

  /// Keeps all questions from reaching X, or lets them through.
  func hold(_ isHeld: Bool) { self.isHeld.withLock { $0 = isHeld } }

  init(time: @escaping @Sendable () -> Int64) {
    platform = Mutex(Platform(seed: 1))
    self.time = time
  }

  func withPlatform<Result: Sendable>(_ body: (inout Platform) -> sending Result) -> Result {
    platform.withLock { body(&$0) }
  }

  /// Lets something happen between the next question and X's answer reaching the service.
  func onNextRequest(_ body: @escaping @Sendable () async -> Void) {
    interruption.withLock { $0 = body }
  }

  func send(
    _ request: PreparedRequest, timeout: Duration
  ) async throws(ProviderTransportError) -> ProviderAnswer {
    while isHeld.withLock(\.self) { await Task.yield() }
    let interruption = interruption.withLock { $0.take() }
    let answer = receive(
      request.method, request.url, headers: request.headers.map { Header($0.name, $0.value) },
      body: request.body)
    await interruption?()
    switch answer.delivery {
    case .delayed(let milliseconds) where .milliseconds(milliseconds) > timeout:
      throw ProviderTransportError(mayHaveArrived: true, message: "no answer in time")
    case .now, .delayed:
      return ProviderAnswer(
        status: answer.status, headers: answer.headers.map { ($0.name, $0.value) },
        body: answer.body)
    case .hung:
      throw ProviderTransportError(mayHaveArrived: true, message: "no answer in time")
    default:
      throw ProviderTransportError(mayHaveArrived: true, message: "the connection was closed")
    }
  }

  /// What a browser sees that goes to this address.
  func visit(_ url: String, authorization: String? = nil) -> Answer {
    receive(
      "GET", url, headers: authorization.map { [Header("Authorization", $0)] } ?? [], body: [])
  }

  private func receive(
    _ method: String, _ url: String, headers: [Header], body: [UInt8]
  ) -> Answer {
    let target = String(url.dropFirst(Self.origin.count))
    let host = Header("Host", String(Self.origin.dropFirst("http://".count)))
    return platform.withLock {
      $0.receive(Request(method, target, headers: [host] + headers, body: body), at: time())
    }
  }
}
