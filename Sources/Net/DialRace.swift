public import Linux

/// Dials the addresses of one server, and keeps the connection that is made first (RFC 8305).
///
/// They are tried in their order, but for families taking turns; the next one as soon as one has
/// failed, or beside those under way when they take long. Confined to its loop.
public final class DialRace {
  private let target: Connection.Target
  private let loop: EventLoop
  /// Those not tried yet, the next one last.
  private var left: [SocketAddress]
  private var running: [SocketAddress: DialAttempt] = [:]
  private var timer: EventLoop.Timer?
  private var lastError: NetError
  private var done: ((Result<Connection, NetError>) -> Void)?

  /// A race that has not begun.
  ///
  /// `done` is called once: with a connection that has been shown to speak HTTP/2, or with the error
  /// of the last address.
  public init(
    _ addresses: [SocketAddress], _ target: Connection.Target, on loop: EventLoop,
    _ done: @escaping (Result<Connection, NetError>) -> Void
  ) {
    self.target = target
    self.loop = loop
    self.done = done
    left = Self.order(addresses).prefix(target.limits.addressesPerDial).reversed()
    lastError = .unresolvable(host: target.host, reason: "no address")
  }

  /// Begins, and stays alive until it is over.
  ///
  /// Call it on the loop.
  public func start() { tryNext() }

  /// Gives all attempts up; nobody is told.
  ///
  /// Call it on the loop.
  public func cancel() { end(nil) }

  /// The first of each family in turn, beginning with the family that came first.
  static func order(_ addresses: [SocketAddress]) -> [SocketAddress] {
    let first = addresses.filter { $0.isIPv6 == addresses.first?.isIPv6 }
    let second = addresses.filter { $0.isIPv6 != addresses.first?.isIPv6 }
    var ordered: [SocketAddress] = []
    for index in 0..<max(first.count, second.count) {
      if index < first.count { ordered.append(first[index]) }
      if index < second.count { ordered.append(second[index]) }
    }
    var seen: Set<SocketAddress> = []
    return ordered.filter { seen.insert($0).inserted }
  }

  private func tryNext() {
    timer?.cancel()
    timer = nil
    guard let address = left.popLast() else {
      if running.isEmpty { end(.failure(lastError)) }
      return
    }
    let attempt = DialAttempt(address, target, loop) { self.ended(address, $0) }
    running[address] = attempt
    if !left.isEmpty {
      timer = loop.schedule(after: target.limits.timeToNextAddress) { self.tryNext() }
    }
    attempt.start()
  }

  private func ended(_ address: SocketAddress, _ result: Result<Connection, NetError>) {
    running[address] = nil
    switch result {
    case .success: end(result)
    case .failure(let error):
      lastError = error
      tryNext()
    }
  }

  private func end(_ result: Result<Connection, NetError>?) {
    timer?.cancel()
    timer = nil
    left = []
    let losers = running.values
    running = [:]
    for attempt in losers { attempt.cancel() }
    let done = self.done
    self.done = nil
    if let result { done?(result) }
  }
}

extension SocketAddress {
  fileprivate var isIPv6: Bool {
    if case .ipv6 = self { true } else { false }
  }
}
