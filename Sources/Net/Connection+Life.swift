internal import HTTP2
internal import Linux

// How one side finds out that its peer has vanished, and how a server parts with one that has not.
extension Connection {
  /// The payloads by which the acknowledgements of our PINGs are told apart.
  private enum Ping {
    static let keepalive: UInt64 = 1
    static let shutdown: UInt64 = 2
  }

  /// The peer speaks HTTP/2: from here on it has to show signs of life, and grows old.
  func beginLife() {
    if let interval = limits.keepaliveInterval { watchForLife(interval) }
    guard acceptor != nil, let age = limits.maximumAge else { return }
    // So that what began together, after a restart, does not end together.
    ageTimer = loop.schedule(after: age * Double.random(in: 0.9...1.1)) { [unowned self] in
      shutDown(grace: limits.graceAtMaximumAge)
    }
  }

  private func watchForLife(_ time: Duration) {
    keepaliveTimer = loop.schedule(after: time) { [unowned self] in checkLife() }
  }

  /// Looked at only when time may be up, so that input costs no more than a note of when it came.
  private func checkLife() {
    guard let interval = limits.keepaliveInterval else { return }
    let silence = lastInput.duration(to: .now())
    if silence < interval { return watchForLife(interval - silence) }
    guard asksForLife else { return watchForLife(interval) }
    session.ping(Ping.keepalive)
    setNeedsFlush()
    let asked = MonotonicTime.now()
    keepaliveTimer = loop.schedule(after: limits.timeToAnswerKeepalive) { [unowned self] in
      // Whatever came in the meantime is a sign of life.
      if lastInput > asked { return watchForLife(interval) }
      report(.vanished)
      close(.cancel)
    }
  }

  private var asksForLife: Bool {
    acceptor != nil || session.streamCount > 0 || limits.clientKeepaliveWithoutStreams
  }

  /// Says that the end is near; a round trip later, which streams will still be answered.
  func announceShutdown() {
    session.announceShutdown()
    session.ping(Ping.shutdown)
    // Whoever does not answer learns it then, and cannot make us wait for all of the grace.
    ageTimer = loop.schedule(after: limits.timeToAcknowledgeShutdown) { [unowned self] in
      endAnnouncement()
    }
  }

  /// The peer has answered a PING.
  func receivedAcknowledgement(ofPing payload: UInt64) {
    switch payload {
    case Ping.shutdown where phase == .draining: endAnnouncement()
    case Ping.keepalive:
      guard let interval = limits.keepaliveInterval, keepaliveTimer != nil else { return }
      keepaliveTimer?.cancel()
      watchForLife(interval)
    default: break
    }
  }

  private func endAnnouncement() {
    ageTimer?.cancel()
    session.drain()
    setNeedsFlush()
  }
}
