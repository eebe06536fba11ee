internal import HTTP2
internal import Linux
internal import OpenSSL

extension Connection: Flushable {
  /// Writes all there is, until the kernel has no more room; what then happens to have become
  /// finished is closed.
  func flush() {
    needsFlush = false
    guard phase < .closed else { return }
    // The answers to one flight of requests are written together, whatever number of turns it takes.
    if hasDeferred, !session.isCongested {
      if lastTake != loop.turnStart { takeDeferred() }
      return setNeedsFlush()
    }
    var writes = 0
    while phase < .closed, writeUnsent(), writes < NetLimits.writesPerTurn, writeMore() {
      writes += 1
    }
    guard phase < .closed else { return }
    if writes == NetLimits.writesPerTurn || hasDeferred && !session.isCongested { setNeedsFlush() }
    if !hasUnsent, phase < .lingering, session.isFinished { linger() }
    watchOutput()
    updateInterest()
  }

  /// Writes what is left over; false if there is still something.
  private func writeUnsent() -> Bool {
    guard hasUnsent else { return true }
    // Not from the property itself: a write that fails closes the connection, which empties it.
    let bytes = unsent
    unsentStart += write(bytes.span.extracting(unsentStart...))
    if hasUnsent { return false }
    // Gives the memory back: most connections never come here.
    unsent = []
    unsentStart = 0
    return true
  }

  /// Takes one buffer full of output and writes it; false if there was none.
  private func writeMore() -> Bool {
    var output = loop.buffers.take()
    defer { loop.buffers.giveBack(&output) }
    guard takeOutput(into: &output), !output.isEmpty else { return false }
    let written = write(output.span)
    if phase < .closed, written < output.count { unsent = Array(output[written...]) }
    // Sending ends streams and makes room in others.
    dispatch(Span())
    return true
  }

  /// The one way out, with TLS or without.
  private func takeOutput(into output: inout [UInt8]) -> Bool {
    guard tls != nil else { return takePlaintext(into: &output) }
    var plaintext = loop.buffers.take()
    defer { loop.buffers.giveBack(&plaintext) }
    guard takePlaintext(into: &plaintext) else { return false }
    do throws(TLSError) {
      try tls?.send(plaintext.span)
    } catch {
      failed(.insecure(error.description))
      return false
    }
    tls?.takeCiphertext(appendingTo: &output)
    return true
  }

  private func takePlaintext(into output: inout [UInt8]) -> Bool {
    do throws(HTTP2Error) {
      try session.takeOutput(into: &output, upTo: NetLimits.writeSize)
      return true
    } catch {
      close(error.code)
      return false
    }
  }

  private func write(_ bytes: Span<UInt8>) -> Int {
    do throws(SystemError) {
      let count = try transport?.write(bytes) ?? 0
      sentBytes += count
      return count
    } catch {
      // The peer is gone: nobody reads what we could still say.
      close(.noError)
      return 0
    }
  }
}
