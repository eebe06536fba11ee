/// What nghttp2's callbacks write down, and the streams they look up: the session's memory, reached
/// through the library's user data.
///
/// `@safe`: the input is looked at only for where in it a body lies.
@safe
final class Inbox {
  let isServer: Bool
  let limits: Limits
  var streams = StreamTable()
  var counts = FrameCounts()
  /// Why the connection has to end, if a callback found a reason.
  var violation: HTTP2Error?
  /// Streams to be reset once the library has returned.
  var toReset: [(StreamKey, ErrorCode)] = []
  /// Body bytes that arrived since the connection's window was last given back.
  var unreturnedBytes = 0

  private var events: [Event] = []
  private var head = 0
  private var block = HeaderBlock()
  /// Size and number of the fields of the current block, kept or not.
  private var blockSize = 0
  private var blockFields = 0
  private var blockFault: ErrorCode?
  private var continuationsOfBlock = 0
  private var key: StreamKey?

  init(isServer: Bool, limits: Limits) {
    self.isServer = isServer
    self.limits = limits
  }

  // MARK: Events

  func record(_ event: Event) { events.append(event) }

  func next() -> Event? {
    guard head < events.count else { return nil }
    let event = events[head]
    head += 1
    if head == events.count {
      events.removeAll(keepingCapacity: true)
      head = 0
    }
    if case .closed(let key, _) = event { streams.remove(key) }
    return event
  }

  // MARK: Header blocks

  /// A header block begins, for the stream at `key` (nil: for none that we follow).
  func beginBlock(for key: StreamKey?) {
    self.key = key
    // What a usual request needs, so that it takes one allocation.
    block = HeaderBlock(reserving: 256)
    (blockSize, blockFields, blockFault, continuationsOfBlock) = (0, 0, nil, 0)
  }

  /// Takes one field; false if the connection must end.
  ///
  /// The library announces SETTINGS_MAX_HEADER_LIST_SIZE but never compares a list with it, so this
  /// is the only place that does.
  func addField(
    name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, isSensitive: Bool
  ) -> Bool {
    blockSize += name.count + value.count + HeaderBlock.overhead
    blockFields += 1
    if blockSize > limits.headerListSizeBeforeClosing {
      violation = .headerListTooLarge
      return false
    }
    if blockSize > limits.headerListSize || blockFields > limits.headerFields {
      // Counted to the end, but not kept.
      blockFault = .enhanceYourCalm
    } else if blockFault == nil {
      unsafe checkAuthority(name, value)
      unsafe block.append(name: name, value: value, isSensitive: isSensitive)
    }
    return true
  }

  /// Refuses user information in the authority, which nghttp2 before 1.64 lets pass.
  ///
  /// RFC 9113, section 8.3.1: ":authority MUST NOT include the deprecated userinfo subcomponent".
  private func checkAuthority(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) {
    guard name.count == 10, unsafe name.elementsEqual(":authority".utf8) else { return }
    if unsafe value.contains(UInt8(ascii: "@")) { blockFault = .protocolError }
  }

  /// The block is complete and well-formed as far as the library looks.
  func endBlock(endStream: Bool) {
    guard let key, streams.contains(key) else { return }
    if let blockFault { return refuse(key, blockFault) }
    if streams[key].hasReceivedHeaders { return record(.trailers(key, take())) }
    if !isServer, isInformational { return }
    streams[key].hasReceivedHeaders = true
    record(.headers(key, take(), endStream: endStream))
  }

  /// Whether the block is a 1xx response, which nobody here waits for.
  private var isInformational: Bool { block[":status"]?.first == UInt8(ascii: "1") }

  private func refuse(_ key: StreamKey, _ code: ErrorCode) {
    counts.provokedResets += 1
    toReset.append((key, code))
  }

  private func take() -> HeaderBlock {
    defer { block = HeaderBlock() }
    return block
  }

  /// One more CONTINUATION; false if the connection must end.
  ///
  /// The library's own count goes by calls, not by frames, and punishes a slow line.
  func addContinuation() -> Bool {
    counts.continuations += 1
    continuationsOfBlock += 1
    if continuationsOfBlock <= limits.continuations { return true }
    violation = .tooManyContinuations
    return false
  }

  // MARK: Data and ends

  /// What the session is being fed, while it is.
  var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)

  /// Part of a body, which lies within the input: the library shows it where it found it.
  func addData(for key: StreamKey, _ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, let base = unsafe input.baseAddress else { return }
    let offset = unsafe start - base
    unsafe precondition(offset >= 0 && offset + bytes.count <= input.count, "a body from nowhere")
    record(.data(key, offset: offset, count: bytes.count, endStream: false))
  }

  /// The peer has finished its side with a DATA frame.
  func endBody(of key: StreamKey) {
    if head < events.count, case .data(key, let offset, let count, _)? = events.last {
      events[events.count - 1] = .data(key, offset: offset, count: count, endStream: true)
    } else {
      record(.data(key, offset: 0, count: 0, endStream: true))
    }
  }

  /// nghttp2 has forgotten a stream, or never opened it.
  func close(_ key: StreamKey, _ code: ErrorCode) {
    guard streams.contains(key), !streams[key].isClosed else { return }
    streams[key].isClosed = true
    streams[key].outbox.reset()
    record(.closed(key, code))
  }

  /// Moves queued bytes of a stream out, and notices when there is room again.
  func moveData(
    of key: StreamKey, into buffer: UnsafeMutableRawBufferPointer
  ) -> (Int, Outbox.Outcome) {
    let (count, outcome) = unsafe streams[key].outbox.move(into: buffer)
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
