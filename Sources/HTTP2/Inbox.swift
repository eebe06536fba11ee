/// What nghttp2's callbacks write down, and the streams they look up: the session's memory.
///
/// `@safe`: the input is looked at only for where in it a body lies.
@safe
struct Inbox: ~Copyable {
  let isServer: Bool
  let limits: Limits
  /// The connection cannot go on; nothing more is read.
  var hasFailed = false
  /// A GOAWAY that ends the taking of streams is on its way: the library takes them until that is sent.
  var takesNoStreams = false
  /// The peer has been told to go.
  var isDismissed = false
  var streams = StreamTable()
  var frames: FrameWatch
  /// Why the connection has to end, if a callback found a reason.
  var violation: HTTP2Error?
  /// The code of the last GOAWAY that was sent.
  var lastWords: ErrorCode?
  /// Bytes in all outboxes.
  var queuedBytes = 0
  /// The peer has been told our limits, or will not be.
  var hasAnnouncedLimits: Bool
  /// Streams to be reset once the library has returned.
  var toReset: [(StreamKey, ErrorCode)] = []
  /// Body bytes that arrived since the connection's window was last given back.
  var unreturnedBytes = 0

  private var events: [Event] = []
  private var head = 0
  var block: BlockInProgress
  /// Whose block it is; nil for a stream that we do not follow.
  private var key: StreamKey?
  /// It begins a stream beyond the limit.
  private var isBeyondLimit = false

  init(isServer: Bool, limits: Limits) {
    self.isServer = isServer
    self.limits = limits
    hasAnnouncedLimits = !isServer
    block = BlockInProgress(limits)
    frames = FrameWatch(isServer: isServer, limits: limits)
  }

  // MARK: Events

  mutating func record(_ event: Event) { events.append(event) }

  /// The next event that somebody should hear of.
  mutating func next() -> Event? {
    while let event = takeEvent() {
      if isAnnounced(event) { return event }
    }
    return nil
  }

  /// Whether the application is to know of a stream.
  ///
  /// A request that was withdrawn before anybody looked at it is none: a server that never starts
  /// to work on it has nothing to cancel (CVE-2023-44487).
  private mutating func isAnnounced(_ event: Event) -> Bool {
    guard isServer else { return true }
    switch event {
    case .headers(let key, _, _):
      if !streams[key].isClosed { streams[key].isAnnounced = true }
      return streams[key].isAnnounced
    case .data(let key, _, _, _), .trailers(let key, _), .writable(let key):
      return streams[key].isAnnounced
    case .closed(let key, _):
      defer { streams.remove(key) }
      return streams[key].isAnnounced
    default: return true
    }
  }

  private mutating func takeEvent() -> Event? {
    guard head < events.count else { return nil }
    let event = events[head]
    head += 1
    if head == events.count {
      events.removeAll(keepingCapacity: true)
      head = 0
    }
    if !isServer, case .closed(let key, _) = event { streams.remove(key) }
    return event
  }

  // MARK: Header blocks

  /// A header block begins, for the stream at `key`.
  mutating func beginBlock(for key: StreamKey?) {
    self.key = key
    isBeyondLimit = false
    block.begin()
  }

  /// The header block of a request begins, and with it the stream at `key`.
  mutating func beginRequest(for key: StreamKey) {
    beginBlock(for: key)
    isBeyondLimit = streams.openCount > Int(limits.concurrentStreams)
  }

  /// Takes one field; false if the connection must end.
  mutating func addField(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, isSensitive: Bool
  ) -> Bool {
    unsafe block.add(name: name, value: value, isSensitive: isSensitive)
    if !block.isAttack { return true }
    violation = .headerListTooLarge
    return false
  }

  /// The block is complete and well-formed as far as the library looks; false if the connection
  /// must end.
  mutating func endBlock(endStream: Bool) -> Bool {
    guard let key, streams.contains(key) else { return true }
    if isBeyondLimit {
      // RFC 9113, section 5.1.2: "An endpoint that receives a HEADERS frame that causes its advertised
      // concurrent stream limit to be exceeded MUST treat this as a stream error".
      refuse(key, .refusedStream)
      return tolerates(frames.addRefusedStream())
    }
    if let fault = block.fault {
      refuse(key, fault)
      return tolerates(frames.addProvokedReset())
    }
    endBlock(of: key, block.take(), endStream: endStream)
    return true
  }

  /// A stream is to be reset; what else comes on it is no request.
  private mutating func refuse(_ key: StreamKey, _ code: ErrorCode) {
    streams[key].hasReceivedHeaders = true
    toReset.append((key, code))
  }

  private mutating func endBlock(of key: StreamKey, _ headers: HeaderBlock, endStream: Bool) {
    if streams[key].hasReceivedHeaders { return record(.trailers(key, headers)) }
    // A 1xx response, which nobody here waits for, is not the answer yet.
    if !isServer, headers[":status"]?.first == UInt8(ascii: "1") { return }
    streams[key].hasReceivedHeaders = true
    record(.headers(key, headers, endStream: endStream))
  }

  /// Whether there is not too much of anything; if so, the connection must end.
  mutating func tolerates(_ excess: Excess?) -> Bool {
    guard let excess else { return true }
    violation = .excess(excess)
    return false
  }

  // MARK: Data and ends

  /// What the session is being fed, while it is.
  var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

  /// Part of a body, which lies within the input: the library shows it where it found it.
  mutating func addData(for key: StreamKey, _ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, let base = unsafe input.baseAddress else { return }
    let offset = unsafe start - base
    unsafe precondition(offset >= 0 && offset + bytes.count <= input.count, "a body from nowhere")
    record(.data(key, offset: offset, count: bytes.count, endStream: false))
  }

  /// The peer has finished its side with a DATA frame.
  mutating func endBody(of key: StreamKey) {
    if head < events.count, case .data(key, let offset, let count, _)? = events.last {
      events[events.count - 1] = .data(key, offset: offset, count: count, endStream: true)
    } else {
      record(.data(key, offset: 0, count: 0, endStream: true))
    }
  }

  /// nghttp2 has forgotten a stream, or never opened it.
  mutating func close(_ key: StreamKey, _ code: ErrorCode) {
    guard streams.contains(key), !streams[key].isClosed else { return }
    streams.close(key)
    queuedBytes -= streams[key].outbox.queuedBytes
    streams[key].outbox.reset()
    record(.closed(key, code))
  }

  /// Moves queued bytes of a stream out, and notices when there is room again.
  mutating func moveData(
    of key: StreamKey, into buffer: UnsafeMutableRawBufferPointer
  ) -> (Int, Outbox.Outcome) {
    let (count, outcome) = unsafe streams[key].outbox.move(into: buffer)
    queuedBytes -= count
    streams[key].moved += count
    if streams[key].outbox.queuedBytes == 0 { streams[key].slowPeriods = 0 }
    if case .nothingYet = outcome { streams[key].isDeferred = true }
    // Half, so that the sender is woken for a worthwhile amount.
    if streams[key].isFull,
      streams[key].outbox.queuedBytes <= limits.queuedBytesPerStream / 2
    {
      streams[key].isFull = false
      record(.writable(key))
    }
    return (count, outcome)
  }
}
