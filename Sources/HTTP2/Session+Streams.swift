internal import CNghttp2

// What the application does with streams.

extension Session {
  /// Opens a stream with a request; nil if this connection has no more numbers or is shutting down.
  ///
  /// Pseudo-header fields come first. Wraps `nghttp2_submit_request`.
  public func open(_ headers: HeaderBlock, endStream: Bool) -> StreamKey? {
    let slot = inbox.streams.nextSlot()
    let key = StreamKey(slot: slot, id: StreamID(rawValue: 0))
    let id = unsafe headers.withLibraryFields { fields, count in
      unsafe withBody(of: key, isEmpty: endStream) { body in
        unsafe nghttp2_submit_request(raw, nil, fields, count, body, userData(for: key))
      }
    }
    return id > 0 ? inbox.streams.insert(StreamID(rawValue: id)) : nil
  }

  /// Answers a stream: once, before its data.
  ///
  /// Wraps `nghttp2_submit_response`.
  public func sendHeaders(_ headers: HeaderBlock, endStream: Bool, on key: StreamKey) {
    guard isOpen(key) else { return }
    _ = unsafe headers.withLibraryFields { fields, count in
      unsafe withBody(of: key, isEmpty: endStream) { body in
        unsafe nghttp2_submit_response(raw, key.id.rawValue, fields, count, body)
      }
    }
  }

  /// Queues part of a body, the last if `endStream`.
  public func sendData(_ bytes: [UInt8], endStream: Bool, on key: StreamKey) {
    guard isOpen(key), !inbox.streams[key].outbox.hasEnded else { return }
    inbox.streams[key].outbox.append(bytes)
    inbox.queuedBytes += bytes.count
    if endStream { inbox.streams[key].outbox.endAfterBody() }
    resume(key)
  }

  /// Ends a body with trailers, sent after all that is queued.
  public func sendTrailers(_ trailers: HeaderBlock, on key: StreamKey) {
    guard isOpen(key), !inbox.streams[key].outbox.hasEnded else { return }
    inbox.streams[key].outbox.end(with: trailers)
    resume(key)
  }

  /// Ends a stream in both directions.
  ///
  /// A second reset has no effect.
  public func reset(_ key: StreamKey, _ code: ErrorCode) {
    guard isOpen(key), !inbox.streams[key].isReset else { return }
    inbox.streams[key].isReset = true
    _ = unsafe nghttp2_submit_rst_stream(
      raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), key.id.rawValue, code.rawValue)
  }

  /// Resets the streams whose output never ceased to wait over the last `periods` calls, while each
  /// time fewer than `minimum` bytes had been taken since the call before; returns how many.
  ///
  /// Call it at regular intervals.
  public func resetStalled(movingLessThan minimum: Int, for periods: Int) -> Int {
    var count = 0
    for slot in inbox.streams.slots.indices {
      guard let key = inbox.streams.key(at: slot), isOpen(key) else { continue }
      if inbox.streams[key].endPeriod(minimum: minimum) > periods {
        reset(key, .cancel)
        count += 1
      }
    }
    return count
  }

  /// Lets the peer send `count` more bytes on a stream.
  ///
  /// Wraps `nghttp2_session_consume_stream`.
  ///
  /// Never more than arrived: counting beyond that is the application's mistake and has no effect.
  public func consume(_ count: Int, on key: StreamKey) {
    guard isOpen(key), count > 0 else { return }
    _ = unsafe nghttp2_session_consume_stream(raw, key.id.rawValue, count)
  }

  /// Whether less than the limit is queued on a stream.
  ///
  /// If not, a `writable` event will come.
  public func isWritable(_ key: StreamKey) -> Bool {
    guard isOpen(key) else { return true }
    let isFull = inbox.streams[key].outbox.queuedBytes >= inbox.limits.queuedBytesPerStream
    if isFull { inbox.streams[key].isFull = true }
    return !isFull
  }

  private func isOpen(_ key: StreamKey) -> Bool { inbox.streams.isOpen(key) }

  private func resume(_ key: StreamKey) {
    guard inbox.streams[key].isDeferred else { return }
    inbox.streams[key].isDeferred = false
    _ = unsafe nghttp2_session_resume_data(raw, key.id.rawValue)
  }

  /// Tells the library where the body of a message comes from; nil if there is none.
  private func withBody<Result>(
    of key: StreamKey, isEmpty: Bool, _ submit: (UnsafePointer<nghttp2_data_provider>?) -> Result
  ) -> Result {
    if isEmpty { return submit(nil) }
    var provider = unsafe nghttp2_data_provider(
      source: nghttp2_data_source(fd: CInt(truncatingIfNeeded: key.slot)), read_callback: readBody)
    return unsafe submit(&provider)
  }
}
