internal import HTTP2
internal import Linux

// How long a server waits for a peer. `timer` is the limit of what the connection as a whole waits
// for: first the peer's settings, then the acknowledgement of ours, then any use at all. Timers are
// cancelled before the connection goes away, hence `unowned`: a weak reference would give the
// connection a side table, through which every retain of every call would have to go.
extension Connection {
  /// The peer's settings have come; those of a server wait to be acknowledged.
  func receivedSettings() {
    roomChanged?()
    guard phase == .opening else { return }
    phase = .open
    timer?.cancel()
    timer = nil
    beginLife()
    if acceptor != nil {
      timer = loop.schedule(after: limits.timeToAcknowledgeSettings) { [unowned self] in
        refuse(.settingsNotAcknowledged, .settingsTimeout)
      }
    }
    if tls == nil { established() }
  }

  /// The peer has taken our settings over; from here on it may be idle for a while.
  func receivedAcknowledgement() {
    guard acceptor != nil, phase == .open else { return }
    timer?.cancel()
    lastUse = loop.now
    waitForUse(limits.idleTime)
  }

  private func waitForUse(_ time: Duration) {
    timer = loop.schedule(after: time) { [unowned self] in checkUse() }
  }

  /// Looked at only when time may be up, so that a call costs no more than a note of when it ended.
  private func checkUse() {
    if session.streamCount > 0 { lastUse = loop.now }
    let unused = lastUse.duration(to: .now())
    if unused < limits.idleTime { return waitForUse(limits.idleTime - unused) }
    // A call may be on its way already, and has the time that it has anywhere else.
    shutDown(grace: limits.graceAtMaximumAge)
  }

  /// Begins or ends the wait for the rest of a header block.
  func watchHeaders() {
    guard session.isReceivingHeaders, acceptor != nil else {
      headerTimer?.cancel()
      headerTimer = nil
      return
    }
    guard headerTimer == nil else { return }
    headerTimer = loop.schedule(after: limits.timeToFinishHeaders) { [unowned self] in
      refuse(.slowHeaders, .enhanceYourCalm)
    }
  }

  /// Begins to tell the streams how late it is, for as long as there are some.
  ///
  /// One timer for all of them: a call that comes whole, as most do, has none of its own.
  func watchStreams() {
    guard streamTimer == nil, phase < .lingering else { return }
    streamTimer = loop.schedule(after: limits.streamCheckPeriod) { [unowned self] in checkStreams()
    }
  }

  private func checkStreams() {
    streamTimer = nil
    let now = MonotonicTime.now()
    for handler in handlers { handler?.timePassed(now) }
    if session.streamCount > 0 { watchStreams() }
  }

  /// Begins the watch over a reader that has left something waiting.
  ///
  /// A client waits for its server as long as its callers do. But where it reads no more until the
  /// server does, the two would wait for each other.
  func watchOutput() {
    guard outputTimer == nil, phase < .lingering, mustBeRead else { return }
    guard hasUnsent || session.queuedBytes > 0 else { return }
    slowPeriods = 0
    beginPeriod()
  }

  private var mustBeRead: Bool { acceptor != nil || session.isCongested }

  private func beginPeriod() {
    sentBytes = 0
    unconfirmedBytes = transport?.unacknowledgedBytes ?? 0
    outputTimer = loop.schedule(after: limits.stallPeriod) { [unowned self] in checkOutput() }
  }

  private func checkOutput() {
    outputTimer = nil
    guard phase < .lingering else { return }
    // What the kernel takes from us and keeps, nobody has read.
    let unconfirmed = transport?.unacknowledgedBytes ?? 0
    let taken = sentBytes + unconfirmedBytes - unconfirmed
    let isWaiting = hasUnsent || unconfirmed > limits.bytesPerStallPeriod
    slowPeriods = isWaiting && taken < limits.bytesPerStallPeriod ? slowPeriods + 1 : 0
    if slowPeriods >= limits.stallPeriods {
      report(.slowReader)
      // Nobody reads what could still be said.
      return close(.cancel)
    }
    if acceptor != nil { resetStalledStreams() }
    if isWaiting || session.queuedBytes > 0, mustBeRead { beginPeriod() }
  }

  /// Streams whose windows their reader keeps shut, or opens by a byte now and then.
  private func resetStalledStreams() {
    let count = session.resetStalled(
      movingLessThan: limits.bytesPerStallPeriod, for: limits.stallPeriods)
    if count > 0 { setNeedsFlush() }
  }

  /// Lets go of all that a connection which is over need not wait for.
  func stopWatching() {
    for timer in [headerTimer, outputTimer, streamTimer, keepaliveTimer, ageTimer] {
      timer?.cancel()
    }
    (headerTimer, outputTimer, streamTimer, keepaliveTimer, ageTimer) = (nil, nil, nil, nil, nil)
  }
}
