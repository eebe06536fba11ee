internal import HTTP2
internal import Linux
internal import OpenSSL

extension Connection {
  /// Reads until there is nothing more, but not for ever: other connections wait too.
  func readAll() {
    // What waits comes first; the kernel keeps the rest.
    guard phase < .closed, !hasDeferred else { return }
    var input = loop.buffers.takeInput()
    defer { loop.buffers.giveBack(input: &input) }
    for _ in 0..<NetLimits.readsPerTurn {
      guard let count = read(into: &input) else { break }
      if count == 0 { return endOfInput() }
      lastInput = loop.turnStart
      received(input.span.extracting(0..<count))
      // Less than asked for means that the kernel has no more.
      if count < input.count || phase == .closed || session.isCongested || hasDeferred { break }
    }
    guard phase < .closed else { return }
    watchHeaders()
    setNeedsFlush()
  }

  private func read(into input: inout [UInt8]) -> Int? {
    do throws(SystemError) {
      return try transport?.read(into: &input)
    } catch {
      close(.noError)
      return nil
    }
  }

  /// The one way in, with TLS or without.
  private func received(_ bytes: Span<UInt8>) {
    guard phase < .lingering else { return }
    guard tls != nil else { return feed(bytes) }
    var plaintext = loop.buffers.take()
    defer { loop.buffers.giveBack(&plaintext) }
    do throws(TLSError) {
      let wasComplete = tls?.isHandshakeComplete ?? false
      try tls?.receive(bytes, appendingTo: &plaintext)
      if !wasComplete, tls?.isHandshakeComplete == true { established() }
      feed(plaintext.span)
      if tls?.isClosedByPeer == true { endOfInput() }
    } catch {
      failed(.insecure(error.description))
    }
  }

  private func feed(_ bytes: Span<UInt8>) {
    guard !bytes.isEmpty, phase < .lingering else { return }
    let taken = take(bytes)
    guard taken < bytes.count, phase < .lingering else { return }
    unsafe bytes.extracting(taken...).withUnsafeBufferPointer { unsafe deferred = Array($0) }
    deferredStart = 0
  }

  var hasDeferred: Bool { deferredStart < deferred.count }

  /// Goes on with what had to wait for this turn.
  func takeDeferred() {
    // Not from the property itself: whoever is called may close the connection, which empties it.
    let bytes = deferred
    deferredStart += take(bytes.span.extracting(deferredStart...))
    if !hasDeferred || phase >= .lingering { (deferred, deferredStart) = ([], 0) }
    watchHeaders()
  }

  /// Has the session take as many requests as are due in one turn; returns how many bytes that was.
  private func take(_ bytes: Span<UInt8>) -> Int {
    lastTake = loop.turnStart
    do throws(HTTP2Error) {
      let taken = try session.receive(
        bytes, at: loop.now.nanoseconds, requests: limits.requestsPerTurn)
      dispatch(bytes)
      return taken
    } catch {
      // What was understood before the error still counts.
      dispatch(bytes)
      refuse(RefusalReason(rawValue: error.name), error.code)
      return bytes.count
    }
  }

  /// The peer sends no more.
  ///
  /// HTTP/2 has no half-closed connections.
  private func endOfInput() {
    failed(.closed)
  }

  /// Hands on all events of the session.
  ///
  /// Those of a body point into `input`.
  func dispatch(_ input: Span<UInt8>) {
    while phase < .closed, let event = session.nextEvent() {
      switch event {
      case .headers(let key, let headers, let endStream):
        receivedHeaders(headers, endStream: endStream, on: key)
      case .data(let key, let offset, let count, let endStream):
        handler(of: key)?
          .receivedData(input.extracting(offset..<offset + count), endStream: endStream)
      case .trailers(let key, let trailers): handler(of: key)?.receivedTrailers(trailers)
      case .writable(let key): handler(of: key)?.becameWritable()
      case .closed(let key, let code): streamClosed(key, code)
      case .settings: receivedSettings()
      case .pingAcknowledged(let payload): receivedAcknowledgement(ofPing: payload)
      case .goAway(_, let code, let text):
        // A reason is sometimes followed by a farewell without one.
        if goAway == nil || !text.isEmpty { goAway = GoAway(code: code, text: text) }
        startDraining()
      case .settingsAcknowledged: receivedAcknowledgement()
      case .dismissed(let excess):
        report(RefusalReason(rawValue: excess.rawValue))
        startDraining()
      }
    }
  }

  private func handler(of key: StreamKey) -> (any StreamHandler)? {
    key.slot < handlers.count ? handlers[key.slot] : nil
  }

  private func receivedHeaders(_ headers: HeaderBlock, endStream: Bool, on key: StreamKey) {
    guard let acceptor else {
      isAnswered = true
      handler(of: key)?.receivedHeaders(headers, endStream: endStream)
      return
    }
    let stream = Stream(connection: self, key: key)
    follow(key, acceptor.accept(stream, headers: headers, endStream: endStream))
    watchStreams()
  }

  private func streamClosed(_ key: StreamKey, _ code: ErrorCode) {
    guard key.slot < handlers.count else { return }
    let handler = handlers[key.slot]
    handlers[key.slot] = nil
    lastUse = loop.turnStart
    handler?.closed(code, connectionLost: false)
    roomChanged?()
  }
}
