/// Walks over the peer's bytes from frame to frame, ahead of the library: counts, and finds what
/// nghttp2 lets pass.
///
/// nghttp2 shows neither frames of unknown types nor, if a block is cut, how many CONTINUATIONs there
/// were (1.52 counts its own calls). It believes the lengths: if they lie, the library ends the
/// connection.
struct FrameWatch {
  private(set) var counts = FrameCounts()
  /// What the peer has used up.
  private(set) var budget: Budget
  private let isServer: Bool
  private let limits: Limits
  private var peer = PeerStreams()
  /// A header block has begun and not ended: what comes but CONTINUATION, the library refuses.
  private var isInBlock = false
  /// The payload under way is part of a header block.
  private var isInHeaders = false
  /// CONTINUATIONs since the last frame of another kind.
  private var continuations = 0
  /// DATA without effect since the last frame of another kind.
  private var emptyData = 0
  /// No stream is open, and none has been begun since.
  private var isIdle = false
  /// How many HEADERS more may be taken now.
  private var blocksLeft = 0
  /// What the peer did too much of, and is to be sent away for without harm to its other streams.
  private(set) var reasonToDismiss: Excess?

  /// Bytes until the next header: of the client's preface, or of a payload.
  private var toSkip: Int
  /// The bytes of a header that has been cut, most significant first, and how many: of nine, or of
  /// the thirteen that tell on what a PRIORITY depends.
  private var high: UInt64 = 0
  private var low: UInt64 = 0
  private var partialCount = 0
  private var wanted = FrameHead.size

  /// Whether a header block has begun and not ended.
  var isReceivingHeaders: Bool { isInBlock || isInHeaders && toSkip > 0 }

  /// Starts before the first frame, on a server also before the client's preface.
  init(isServer: Bool, limits: Limits) {
    self.isServer = isServer
    self.limits = limits
    budget = Budget(limits)
    toSkip = isServer ? 24 : 0
  }

  /// Looks at the frames whose headers are in `bytes`, which came at `now`.
  ///
  /// Returns the first fault, and where in `bytes` the frame at fault begins; or no error, and where
  /// the last of `blocks` HEADERS ends, if more follows. Idle: no stream is open.
  mutating func look(
    at bytes: Span<UInt8>, _ now: Int64, isIdle: Bool, blocks: Int
  ) -> (position: Int, error: HTTP2Error?)? {
    budget.now = now
    self.isIdle = isIdle
    blocksLeft = blocks
    var position = 0
    while true {
      let skipped = min(toSkip, bytes.count - position)
      toSkip -= skipped
      position += skipped
      let start = position
      if blocksLeft <= 0, toSkip == 0, position < bytes.count { return (position, nil) }
      if partialCount == 0, bytes.count - position >= FrameHead.size {
        takeHeader(of: bytes, at: &position)
      }
      while position < bytes.count, partialCount < wanted {
        add(bytes[position])
        position += 1
      }
      guard partialCount == wanted else { return nil }
      if let error = endHeader() { return (start, error) }
    }
  }

  /// Takes a header that has not been cut, as nearly all are, in one go.
  private mutating func takeHeader(of bytes: Span<UInt8>, at position: inout Int) {
    let start = position
    // In bounds: the caller has counted nine bytes.
    let first = unsafe bytes.withUnsafeBytes {
      unsafe $0.loadUnaligned(fromByteOffset: start, as: UInt64.self)
    }
    (high, low) = (UInt64(bigEndian: first), UInt64(bytes[start + 8]))
    partialCount = FrameHead.size
    position += FrameHead.size
    lookForDependency(high >> 24)
  }

  /// Takes one byte of a header.
  private mutating func add(_ byte: UInt8) {
    partialCount += 1
    if partialCount <= 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
    if partialCount == 5 { lookForDependency(high) }
  }

  /// Has four bytes more taken if the first five of a header are those of a PRIORITY; one that is too
  /// short is the library's to refuse.
  private mutating func lookForDependency(_ first: UInt64) {
    if first >> 8 & 0xFF == UInt64(FrameType.priority), first >> 16 >= 4 {
      wanted = FrameHead.size + 4
    }
  }

  private mutating func endHeader() -> HTTP2Error? {
    let extra = wanted - FrameHead.size
    let stream = high << 8 & 0xFFFF_FF00 | low >> UInt64(8 * extra) & 0xFF
    let head = FrameHead(
      length: Int(high >> 40), type: UInt8(truncatingIfNeeded: high >> 32),
      flags: UInt8(truncatingIfNeeded: high >> 24), stream: UInt32(stream & 0x7FFF_FFFF))
    let dependency = extra > 0 ? UInt32(low & 0x7FFF_FFFF) : nil
    toSkip = head.length - extra
    (high, low, partialCount, wanted) = (0, 0, 0, FrameHead.size)
    return judge(head, dependency)
  }

  private mutating func judge(_ frame: FrameHead, _ dependency: UInt32?) -> HTTP2Error? {
    counts.add(frame)
    continuations = frame.type == FrameType.continuation ? continuations + 1 : 0
    emptyData = frame.isEmptyData ? emptyData + 1 : 0
    if continuations > limits.continuations { return .tooManyContinuations }
    // RFC 9113, section 4.2: "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds
    // the size defined in SETTINGS_MAX_FRAME_SIZE". nghttp2 does not look at a CONTINUATION.
    if frame.length > Int(limits.frameSize) { return .mistake(.frameSizeError) }
    if let error = mistake(frame, dependency) { return .mistake(error) }
    return excess(frame).map(HTTP2Error.excess)
  }

  /// What is wrong with a frame that the library would take.
  private mutating func mistake(_ frame: FrameHead, _ dependency: UInt32?) -> ErrorCode? {
    let wasInBlock = isInBlock
    switch frame.type {
    case FrameType.headers:
      (isInHeaders, isInBlock) = (true, !frame.endsHeaders)
      isIdle = false
      blocksLeft -= 1
    case FrameType.continuation:
      (isInHeaders, isInBlock) = (true, !frame.endsHeaders)
    default: (isInHeaders, isInBlock) = (false, false)
    }
    // The first thing that a server hears of us is that it may not push. The library lets it until it
    // has acknowledged that, which it need not ever do.
    if !isServer, frame.type == FrameType.pushPromise { return .protocolError }
    guard isServer, !wasInBlock else { return nil }
    switch frame.type {
    case FrameType.priority:
      // RFC 9113, section 6.3: "If a PRIORITY frame is received with a stream identifier of 0x00,
      // the recipient MUST respond with a connection error of type PROTOCOL_ERROR". RFC 7540 had
      // the same for a stream that depends on itself.
      return frame.stream == 0 || frame.stream == dependency ? .protocolError : nil
    case FrameType.headers where frame.stream % 2 == 1:
      return peer.receivedHeaders(frame.stream, endStream: frame.endsStream)
    case FrameType.data where frame.stream % 2 == 1:
      return peer.receivedData(frame.stream, endStream: frame.endsStream)
    case FrameType.reset where frame.stream % 2 == 1:
      peer.receivedReset(frame.stream)
      return nil
    default: return nil
    }
  }

  /// What there is too much of, with this frame.
  private mutating func excess(_ frame: FrameHead) -> Excess? {
    guard isServer else { return nil }
    switch (frame.type, frame.isAcknowledgement) {
    case (FrameType.headers, _), (FrameType.continuation, _): return nil
    case (FrameType.data, _):
      return emptyData > limits.emptyDataInARow ? budget.spend(.mistakes) : nil
    case (FrameType.reset, _): return spendReset()
    case (FrameType.settings, false): return budget.spend(.settings)
    case (FrameType.ping, false): return budget.spendPing(isIdle: isIdle)
    case (FrameType.windowUpdate, _):
      return limits.allowsWindowUpdates(counts) ? nil : .windowUpdates
    default: return budget.spend(.mistakes)
    }
  }

  /// Too many resets send a peer away before they end its connection: one that withdraws its calls
  /// because their time is up has others, and does not know how many are too many.
  private mutating func spendReset() -> Excess? {
    if reasonToDismiss != nil { return budget.spendLateReset() }
    reasonToDismiss = budget.spend(.resets)
    return nil
  }

  // MARK: What only the library sees

  /// The peer's mistake has made us reset a stream.
  mutating func addProvokedReset() -> Excess? {
    counts.provokedResets += 1
    return isServer ? budget.spend(.mistakes) : nil
  }

  /// A stream was refused because too many were open.
  mutating func addRefusedStream() -> Excess? {
    counts.refusedStreams += 1
    return isServer ? budget.spend(.refusedStreams) : nil
  }

  /// HEADERS or DATA have been sent: the peer has something to measure with PING.
  mutating func sentFrame(isData: Bool) {
    if isData { counts.sentData += 1 }
    budget.forgivePings()
  }
}
