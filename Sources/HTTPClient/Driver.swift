import CCurl
import Linux
import Net
import Synchronization

/// Connects libcurl's multi handle to an event loop.
///
/// `@unchecked Sendable`: everything in it is confined to the loop, which every entry checks.
final class Driver: LoopResident, @unchecked Sendable {
  /// One exchange and who waits for it.
  private struct Exchange {
    let easy: EasyHandle
    let call: Call
  }

  private let loop: EventLoop
  private let configuration: HTTPClient.Configuration
  /// Nil before the first exchange and after the end.
  private var multi: MultiHandle?
  private var isEnded = false
  private var exchanges: [UInt: Exchange] = [:]
  private var registrations: [CInt: Registration] = [:]
  private var timer: EventLoop.Timer?

  init(_ loop: EventLoop, _ configuration: HTTPClient.Configuration) {
    self.loop = loop
    self.configuration = configuration
  }

  /// Begins an exchange; `call` is answered in the end, whatever happens.
  func start(_ call: Call, _ prepared: PreparedRequest, timeout: Duration) {
    loop.requireInLoop()
    do throws(HTTPClientError) {
      try begin(call, prepared, timeout)
    } catch {
      call.finish(.failure(error))
    }
    work()
  }

  private func begin(
    _ call: Call, _ prepared: PreparedRequest, _ timeout: Duration
  ) throws(HTTPClientError) {
    guard !isEnded, !loop.isEnding else {
      throw HTTPClientError(.unavailable, "the client was shut down")
    }
    guard !call.isCancelled else { throw HTTPClientError(.cancelled, "cancelled") }
    guard exchanges.count < Limits.exchanges else {
      throw HTTPClientError(.unavailable, "too many exchanges at the same time")
    }
    if multi == nil {
      multi = try MultiHandle()
      loop.add(self)
    }
    let easy = try EasyHandle(prepared, configuration, timeout: timeout)
    exchanges[easy.id] = Exchange(easy: easy, call: call)
    guard multi?.add(easy) == true else {
      exchanges[easy.id] = nil
      throw .outOfMemory
    }
  }

  /// Ends the exchange of a call that nobody waits for any more.
  func cancel(_ call: Call) {
    loop.requireInLoop()
    guard let (id, exchange) = exchanges.first(where: { $0.value.call === call }) else { return }
    let error = exchange.easy.error(.cancelled, "cancelled")
    finish(id, .failure(error))
    work()
  }

  /// Ends everything; later exchanges fail at once.
  func end() {
    loop.requireInLoop()
    guard !isEnded else { return }
    isEnded = true
    for (id, exchange) in exchanges {
      finish(id, .failure(exchange.easy.error(.unavailable, "the client was shut down")))
    }
    // The loop forgets the descriptors before libcurl closes them.
    for registration in registrations.values { loop.remove(registration) }
    registrations = [:]
    multi = nil
    timer?.cancel()
    loop.remove(self)
  }

  func loopIsEnding() { end() }
}

// MARK: - Between libcurl and the loop

extension Driver {
  private func ready(_ descriptor: CInt, _ readiness: Readiness) {
    var events: CInt = 0
    if readiness.contains(.readable) { events |= CURL_CSELECT_IN }
    if readiness.contains(.writable) { events |= CURL_CSELECT_OUT }
    if !readiness.isDisjoint(with: [.failed, .hungUp]) { events |= CURL_CSELECT_ERR }
    multi?.act(on: descriptor, events: events)
    work()
  }

  private func timerFired() {
    timer = nil
    multi?.actOnTime()
    work()
  }

  /// Follows up on a call into libcurl: what is done, and what it waits for next.
  private func work() {
    while let (id, code) = multi?.nextDone() {
      guard let exchange = exchanges[id] else { continue }
      finish(id, exchange.easy.outcome(code))
    }
    grantWishes()
  }

  private func finish(_ id: UInt, _ outcome: Result<HTTPResponse, HTTPClientError>) {
    guard let exchange = exchanges.removeValue(forKey: id) else { return }
    multi?.remove(exchange.easy)
    exchange.call.finish(outcome)
  }

  private func grantWishes() {
    guard let wishes = multi?.takeWishes() else { return }
    for (descriptor, poll) in wishes.sockets { watch(descriptor, poll) }
    guard let milliseconds = wishes.timer else { return }
    timer?.cancel()
    timer =
      milliseconds < 0
      ? nil
      : loop.schedule(after: .milliseconds(milliseconds)) { [weak self] in self?.timerFired() }
  }

  private func watch(_ descriptor: CInt, _ poll: CInt) {
    guard let interest = Self.interest(poll) else {
      if let registration = registrations.removeValue(forKey: descriptor) {
        loop.remove(registration)
      }
      return
    }
    do throws(SystemError) {
      if let registration = registrations[descriptor] {
        try loop.modify(registration, for: interest)
      } else {
        registrations[descriptor] = try loop.register(descriptor: descriptor, for: interest) {
          [weak self] readiness in self?.ready(descriptor, readiness)
        }
      }
    } catch {
      // Nobody will tell libcurl about this descriptor; its own time-outs end the exchange.
    }
  }

  /// What to wait for; nil if libcurl is done with the descriptor.
  private static func interest(_ poll: CInt) -> Readiness? {
    switch poll {
    case CURL_POLL_IN: .readable
    case CURL_POLL_OUT: .writable
    case CURL_POLL_INOUT: [.readable, .writable]
    case CURL_POLL_NONE: []
    default: nil
    }
  }
}
