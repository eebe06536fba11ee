internal import Linux
internal import Net
internal import RPC

/// The addresses of a host, asked for when they are needed and again when they may be stale, but not
/// too often.
///
/// `@unchecked Sendable`: what is mutable is touched only on the thread of `loop`.
final class NameResolution: @unchecked Sendable {
  /// What a channel asks for the addresses of a host.
  typealias Lookup = @Sendable (String, UInt16) async throws(NetError) -> [SocketAddress]

  private enum State {
    case idle
    case asking
    /// Until the timer fires, the name is not asked for again.
    case waiting(EventLoop.Timer)
    case closed
  }

  private let host: String
  private let port: UInt16
  private let loop: EventLoop
  private let lookup: Lookup
  private let interval: Duration
  private let random: () -> Double
  private let done: (Result<[SocketAddress], NetError>) -> Void
  private var waits: Backoff.Waits
  private var state = State.idle
  private var isAskedFor = false

  /// - Parameter interval: the least time between two answers.
  init(
    _ host: String, _ port: UInt16, on loop: EventLoop, every interval: Duration,
    backoff: Backoff, random: @escaping () -> Double, lookup: @escaping Lookup,
    _ done: @escaping (Result<[SocketAddress], NetError>) -> Void
  ) {
    self.host = host
    self.port = port
    self.loop = loop
    self.interval = interval
    self.random = random
    self.lookup = lookup
    self.done = done
    waits = Backoff.Waits(backoff)
  }

  /// Whether an answer is under way.
  var isAsking: Bool { if case .asking = state { true } else { false } }

  /// Asks, as soon as that may be done again.
  func ask() {
    switch state {
    case .idle: begin()
    case .waiting: isAskedFor = true
    case .asking, .closed: break
    }
  }

  /// Asks no more.
  func close() {
    if case .waiting(let timer) = state { timer.cancel() }
    state = .closed
  }

  private func begin() {
    state = .asking
    isAskedFor = false
    Task(executorPreference: loop) { [self] in
      do throws(NetError) {
        answered(.success(try await lookup(host, port)))
      } catch {
        answered(.failure(error))
      }
    }
  }

  private func answered(_ result: Result<[SocketAddress], NetError>) {
    guard case .asking = state, !loop.isEnding else { return }
    var wait = interval
    if case .failure = result { wait = waits.failed(random: random()) } else { waits.reset() }
    let timer = loop.schedule(after: wait) { [weak self] in self?.hasWaited() }
    state = .waiting(timer)
    done(result)
  }

  private func hasWaited() {
    guard case .waiting = state else { return }
    state = .idle
    if isAskedFor { begin() }
  }
}
