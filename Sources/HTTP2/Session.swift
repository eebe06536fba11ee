internal import CNghttp2

/// One HTTP/2 connection as a pure byte machine: bytes in, events and bytes out.
///
/// Does no I/O and knows no clock.
///
/// Feed what arrived with `receive`, take the events, submit what the application wants, and take
/// the bytes to be sent with `takeOutput`. Nothing is sent by itself, so whoever batches decides.
///
/// The connection's receive window is given back at once; a stream's when the application says so
/// with `consume`. So a slow reader holds back its own peer stream and no other.
///
/// Once `receive` has thrown, feed nothing more: take the output (it ends with a GOAWAY), then close.
@safe
public struct Session: ~Copyable {
  /// Which side of the connection this is.
  public enum Role: Sendable {
    /// Opens streams.
    case client
    /// Answers streams.
    case server
  }

  let raw: OpaquePointer
  /// Where the library takes its memory from; nil for the C library's.
  private let blocks: BlockPool?
  /// At an address that stays, since the library's user data points to it.
  ///
  /// Never borrowed while the library runs, for its callbacks write there.
  private let memory: UnsafeMutablePointer<Inbox>

  var inbox: Inbox {
    unsafeAddress { unsafe UnsafePointer(memory) }
    nonmutating unsafeMutableAddress { unsafe memory }
  }

  /// Starts a connection; the preface and the settings are its first output.
  ///
  /// - Parameter blocks: memory for the library's needs, if the calling thread owns it: then all that
  ///   is done with the session must be done on that thread, except letting go of it.
  public init(_ role: Role, limits: Limits = Limits(), blocks: BlockPool? = nil) {
    unsafe memory = .allocate(capacity: 1)
    unsafe memory.initialize(to: Inbox(isServer: role == .server, limits: limits))
    self.blocks = blocks
    unsafe raw = Self.make(role, Options(role, limits), memory, blocks)
    submitSettings(role, limits)
  }

  private static func make(
    _ role: Role, _ options: borrowing Options, _ memory: UnsafeMutablePointer<Inbox>,
    _ blocks: BlockPool?
  ) -> OpaquePointer {
    let new =
      switch role {
      case .client: unsafe nghttp2_session_client_new3
      case .server: unsafe nghttp2_session_server_new3
      }
    var raw: OpaquePointer?
    let result =
      if let blocks {
        unsafe blocks.withLibraryMemory {
          unsafe new(&raw, Callbacks.shared.raw, memory, options.raw, $0)
        }
      } else {
        unsafe new(&raw, Callbacks.shared.raw, memory, options.raw, nil)
      }
    guard result == 0, let session = unsafe raw else { preconditionFailure("out of memory") }
    return unsafe session
  }

  deinit {
    if let blocks { unsafe blocks.delete(raw) } else { unsafe nghttp2_session_del(raw) }
    unsafe memory.deinitialize(count: 1)
    unsafe memory.deallocate()
  }

  private func submitSettings(_ role: Role, _ limits: Limits) {
    func entry(_ id: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
      nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: value)
    }
    // The first, for `announceStreams`.
    var entries = role == .client ? [] : [entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, .max)]
    entries += [
      entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(clamping: limits.streamWindow)),
      entry(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, limits.frameSize),
      entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(clamping: limits.headerListSize)),
    ]
    switch role {
    case .client: entries.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
    case .server:
      // RFC 9218, section 2.1: whoever says so does not want PRIORITY frames.
      entries.append(entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1))
    }
    check(unsafe nghttp2_submit_settings(raw, 0, entries, entries.count))
    check(unsafe nghttp2_session_set_local_window_size(raw, 0, 0, limits.connectionWindow))
  }

  /// For calls that fail only if memory is out or we misuse the library.
  private func check(_ result: CInt) {
    precondition(result == 0, "nghttp2 refused a call of ours")
  }
}

// MARK: - Input and output

extension Session {
  /// Feeds bytes from the peer.
  ///
  /// What they meant are the next events.
  ///
  /// Data events point into `bytes`: take all events before the buffer is used again. Wraps
  /// `nghttp2_session_mem_recv`.
  ///
  /// `now`, in nanoseconds since any fixed point, is what `Limits` measures rates by.
  ///
  /// Returns how many bytes it took: all of them, unless there was more after the last of `requests`
  /// header blocks. Feed the rest later.
  @discardableResult
  public func receive(
    _ bytes: Span<UInt8>, at now: Int64 = 0, requests: Int = .max
  ) throws(HTTP2Error) -> Int {
    // After an error of the connection nothing more is parsed (CVE-2026-27135).
    guard !inbox.hasFailed, unsafe nghttp2_session_want_read(raw) != 0 else { return bytes.count }
    let isIdle = inbox.streams.count == 0
    guard let stop = inbox.frames.look(at: bytes, now, isIdle: isIdle, blocks: requests) else {
      try feed(bytes)
      return bytes.count
    }
    // What came before the frame at fault still counts.
    try feed(bytes.extracting(0..<stop.position))
    guard let error = stop.error else { return stop.position }
    inbox.violation = error
    throw fail(0)
  }

  private func feed(_ bytes: Span<UInt8>) throws(HTTP2Error) {
    let result = unsafe bytes.withUnsafeBytes { buffer in
      unsafe inbox.input = buffer
      defer { unsafe inbox.input = UnsafeRawBufferPointer(start: nil, count: 0) }
      return unsafe nghttp2_session_mem_recv(
        raw, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count)
    }
    if result < 0 { throw fail(CInt(clamping: result)) }
    if let excess = inbox.frames.reasonToDismiss, !inbox.isDismissed { dismiss(excess) }
    inbox.block.release()
    returnWindow()
    resetStreams()
  }

  /// Resets what the callbacks have found to be reset.
  private func resetStreams() {
    for (key, code) in inbox.toReset { reset(key, code) }
    inbox.toReset.removeAll(keepingCapacity: true)
  }

  /// Gives the connection's window back at once, whoever the bytes were for.
  private func returnWindow() {
    guard inbox.unreturnedBytes > 0 else { return }
    check(unsafe nghttp2_session_consume_connection(raw, inbox.unreturnedBytes))
    inbox.unreturnedBytes = 0
  }

  private func fail(_ code: CInt) -> HTTP2Error {
    inbox.hasFailed = true
    let error = inbox.violation ?? HTTP2Error(library: code)
    if case .excess(let excess) = error { goAway(.enhanceYourCalm, excess) }
    // Queues the GOAWAY. Fails only for want of memory, and then the connection just closes.
    _ = unsafe nghttp2_session_terminate_session(raw, error.code.rawValue)
    return error
  }

  /// Sends the peer away, without harm to what it has under way.
  private func dismiss(_ excess: Excess) {
    inbox.isDismissed = true
    inbox.takesNoStreams = true
    // Not a failure: what the peer has opened after the last stream it is to make again elsewhere, and
    // clients of gRPC do so by themselves only if nothing is wrong.
    goAway(.noError, excess)
    inbox.record(.dismissed(excess))
  }

  /// Tells a peer that was dismissed, and has nothing left under way, what was wrong; false if there is
  /// none.
  private func partWithDismissed() -> Bool {
    guard let excess = inbox.frames.reasonToDismiss, inbox.isDismissed,
      inbox.lastWords == .noError, unsafe nghttp2_session_want_read(raw) == 0
    else { return false }
    goAway(.enhanceYourCalm, excess)
    return true
  }

  /// Queues a GOAWAY that says what there was too much of; the library's own cannot.
  private func goAway(_ code: ErrorCode, _ excess: Excess) {
    let text = Array(excess.rawValue.utf8)
    _ = unsafe nghttp2_submit_goaway(
      raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(raw),
      code.rawValue, text, text.count)
  }

  /// The next thing that happened, oldest first.
  ///
  /// Reading and sending both make events.
  public func nextEvent() -> Event? { inbox.next() }

  /// Appends what is to be sent to `buffer` until that holds `limit` bytes or more, by one frame at
  /// most.
  ///
  /// Wraps `nghttp2_session_mem_send`.
  public func takeOutput(into buffer: inout [UInt8], upTo limit: Int) throws(HTTP2Error) {
    while buffer.count < limit {
      var start: UnsafePointer<UInt8>?
      let count = unsafe nghttp2_session_mem_send(raw, &start)
      if count < 0 { throw fail(CInt(clamping: count)) }
      if count == 0 {
        if inbox.toReset.isEmpty, !partWithDismissed() { return }
        resetStreams()
        continue
      }
      unsafe buffer.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
      if !inbox.hasAnnouncedLimits { announceStreams(in: &buffer, at: buffer.count - count) }
    }
  }

  /// Writes into our SETTINGS, the first frame of all, how many streams there may be.
  ///
  /// The library believes that there is no limit. It would end the whole connection, with all that
  /// is under way on it, for one stream beyond a limit that the peer has acknowledged; the inbox
  /// refuses that stream alone.
  private func announceStreams(in buffer: inout [UInt8], at frame: Int) {
    inbox.hasAnnouncedLimits = true
    let value = frame + FrameHead.size + 2
    precondition(buffer[frame + 3] == FrameType.settings && buffer.count >= value + 4)
    for index in 0..<4 {
      buffer[value + index] = UInt8(
        truncatingIfNeeded: inbox.limits.concurrentStreams >> (24 - 8 * UInt32(index)))
    }
  }

  /// Whether there is something to send.
  public var wantsToSend: Bool { unsafe nghttp2_session_want_write(raw) != 0 }

  /// Whether the connection has nothing more to do in either direction and should be closed.
  public var isFinished: Bool {
    let wantsToReceive = unsafe nghttp2_session_want_read(raw) != 0
    return (inbox.hasFailed || !wantsToReceive) && !wantsToSend
  }

  /// Whether so much waits to be sent that no more should be read from this peer for now.
  public var isCongested: Bool {
    unsafe nghttp2_session_get_outbound_queue_size(raw) > inbox.limits.queuedFramesBeforePausing
  }

  /// The code of the last GOAWAY that was sent; nil before the first.
  ///
  /// Some mistakes of a peer end the connection without an error being thrown: it says so.
  public var lastWords: ErrorCode? { inbox.lastWords }

  /// Whether a header block has begun and not ended.
  public var isReceivingHeaders: Bool { inbox.frames.isReceivingHeaders }

  /// Bytes of bodies that wait to be sent, on all streams.
  public var queuedBytes: Int { inbox.queuedBytes }

  /// How many bytes of bodies the peer may send on the connection now.
  ///
  /// Wraps `nghttp2_session_get_local_window_size`.
  public var receiveWindow: Int {
    Int(unsafe nghttp2_session_get_local_window_size(raw))
  }

  /// How many bytes of bodies we may send on the connection now.
  ///
  /// Wraps `nghttp2_session_get_remote_window_size`.
  public var sendWindow: Int {
    Int(unsafe nghttp2_session_get_remote_window_size(raw))
  }

  /// How many frames of each kind the peer has sent.
  public var frameCounts: FrameCounts { inbox.frames.counts }

  /// How many streams have begun and not been reported as closed.
  public var streamCount: Int { inbox.streams.count }

  /// How many streams the peer allows at once.
  ///
  /// Wraps `nghttp2_session_get_remote_settings`.
  public var allowedStreams: Int {
    Int(
      unsafe nghttp2_session_get_remote_settings(raw, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }
}

// MARK: - The connection

extension Session {
  /// Asks the peer for a sign of life; `pingAcknowledged` with the same payload follows.
  public func ping(_ payload: UInt64) {
    unsafe withUnsafeBytes(of: payload.bigEndian) { bytes in
      _ = unsafe nghttp2_submit_ping(
        raw, UInt8(NGHTTP2_FLAG_NONE.rawValue),
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// Announces that this connection will end, while still taking what is under way towards us.
  ///
  /// A GOAWAY for the last possible stream. After a round trip (a PING), follow with `drain`.
  public func announceShutdown() {
    _ = unsafe nghttp2_submit_shutdown_notice(raw)
  }

  /// Refuses streams from here on; those that have begun go on to their end.
  public func drain() {
    inbox.takesNoStreams = true
    _ = unsafe nghttp2_submit_goaway(
      raw, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(raw),
      ErrorCode.noError.rawValue, nil, 0)
  }

  /// Ends the connection with a GOAWAY, as soon as that is sent.
  public func terminate(_ code: ErrorCode) {
    _ = unsafe nghttp2_session_terminate_session(raw, code.rawValue)
  }
}
