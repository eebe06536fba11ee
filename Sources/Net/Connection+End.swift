internal import HTTP2
internal import Linux
internal import OpenSSL

extension Connection: LoopResident {
  /// The loop ends, and the connection with it.
  public func loopIsEnding() {
    end(.noError)
    flush()
    close(.noError)
  }

  /// The handshake is done, or without TLS the peer has shown that it speaks HTTP/2.
  func established() {
    for action in take(&whenEstablished) { action(nil) }
  }

  /// Takes no more streams.
  func startDraining() {
    guard phase < .draining else { return }
    timer?.cancel()
    ageTimer?.cancel()
    phase = .draining
    for action in take(&whenDraining) { action() }
  }

  /// Tells the peer why, and closes once that is sent.
  ///
  /// Streams under way end here.
  func end(_ code: ErrorCode) {
    guard phase < .lingering else { return }
    startDraining()
    session.terminate(code)
    loseStreams(code)
    stopWatching()
    // In case the peer does not even read that.
    timer = loop.schedule(after: limits.linger) { [unowned self] in close(code) }
    setNeedsFlush()
  }

  /// Ends the connection, since its peer asks too much.
  func refuse(_ reason: RefusalReason, _ code: ErrorCode) {
    report(reason)
    end(code)
  }

  /// Lets whoever counts and logs know, once.
  func report(_ reason: RefusalReason) {
    let report = refused
    refused = nil
    report?(Refusal(reason: reason, peer: peer, frames: session.frameCounts))
  }

  /// What is to be logged of a call of this peer that is refused; nil if one has been for that reason.
  package func firstRefusal(_ reason: RefusalReason) -> Refusal? {
    guard refusedCalls.insert(reason).inserted else { return nil }
    return Refusal(reason: reason, peer: peer, frames: session.frameCounts)
  }

  /// All is said: waits a moment for the peer to read it, since closing with unread input would make
  /// the kernel throw our output away.
  func linger() {
    guard phase < .lingering else { return }
    if let code = session.lastWords, code != .noError {
      report(RefusalReason(rawValue: code.name))
    }
    startDraining()
    phase = .lingering
    timer?.cancel()
    stopWatching()
    loseStreams(.noError)
    closeTLS()
    guard phase == .lingering else { return }
    transport?.finishWriting()
    timer = loop.schedule(after: limits.linger) { [unowned self] in close(.noError) }
  }

  private func closeTLS() {
    guard tls != nil else { return }
    tls?.close()
    var output = loop.buffers.take()
    defer { loop.buffers.giveBack(&output) }
    tls?.takeCiphertext(appendingTo: &output)
    // Eight bytes or so. Without room for them the peer learns of the end from the socket.
    _ = try? transport?.write(output.span)
  }

  /// The connection broke, for a reason that whoever waits for it wants to know.
  func failed(_ error: NetError) {
    if case .insecure = error { report(.insecure) }
    for action in take(&whenEstablished) { action(error) }
    // The alert that tells the peer, if TLS has one.
    if phase < .lingering { closeTLS() }
    close(.noError)
  }

  /// Lets go of everything, now.
  func close(_ code: ErrorCode) {
    guard phase < .closed else { return }
    startDraining()
    phase = .closed
    timer?.cancel()
    graceTimer?.cancel()
    stopWatching()
    watch?.end(on: loop)
    watch = nil
    transport = nil
    (unsent, deferred) = ([], [])
    loseStreams(code)
    for action in take(&whenEstablished) { action(.closed) }
    for action in take(&whenClosed) { action() }
    roomChanged = nil
    loop.remove(self)
  }

  private func loseStreams(_ code: ErrorCode) {
    for handler in take(&handlers) { handler?.closed(code, connectionLost: true) }
  }

  /// Empties a list before it is walked: whoever is called may come back here.
  private func take<Element>(_ list: inout [Element]) -> [Element] {
    defer { list = [] }
    return list
  }
}
