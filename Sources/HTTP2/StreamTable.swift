/// The state that a session keeps for one stream beside nghttp2's own.
struct StreamState {
  /// nil while the place is free.
  var id: StreamID?
  var outbox = Outbox()
  /// nghttp2 has asked for data when there was none, and waits to be told.
  var isDeferred = false
  /// More was queued than the limit, and nobody has been told of room since.
  var isFull = false
  /// The peer's request or final response has come: further fields are trailers.
  var hasReceivedHeaders = false
  /// On a server: the application has been told of the stream.
  var isAnnounced = false
  /// A RST_STREAM has been submitted; there is at most one.
  var isReset = false
  var isClosed = false

  /// Bytes taken since the last look.
  var moved = 0
  /// Looks in a row that found output waiting and little of it taken since the one before.
  var slowPeriods = 0

  /// Counts the looks at a stream that leaves output waiting.
  ///
  /// The first only begins to measure.
  mutating func endPeriod(minimum: Int) -> Int {
    let isSlow = outbox.queuedBytes > 0 && (slowPeriods == 0 || moved < minimum)
    slowPeriods = isSlow ? slowPeriods + 1 : 0
    moved = 0
    return slowPeriods
  }

  /// Back to nothing, but for the room that the outbox has.
  mutating func reset() {
    outbox.reset()
    id = nil
    (isDeferred, isFull, hasReceivedHeaders) = (false, false, false)
    (isAnnounced, isReset, isClosed) = (false, false, false)
    (moved, slowPeriods) = (0, 0)
  }
}

/// The streams of a session, in places that are reused.
///
/// nghttp2 carries the place with each stream, so that no event costs a search.
struct StreamTable {
  private(set) var slots: [StreamState] = []
  private var free: [Int] = []
  /// How many streams have begun and not ended.
  private(set) var openCount = 0

  /// How many streams have begun and not been reported as closed.
  var count: Int { slots.count - free.count }

  mutating func insert(_ id: StreamID) -> StreamKey {
    let slot = nextSlot()
    if let last = free.last, last == slot { free.removeLast() } else { slots.append(StreamState()) }
    slots[slot].id = id
    openCount += 1
    return StreamKey(slot: slot, id: id)
  }

  /// Where the next stream will be kept.
  func nextSlot() -> Int { free.last ?? slots.count }

  /// The stream has ended; its place is kept until that is reported.
  mutating func close(_ key: StreamKey) {
    slots[key.slot].isClosed = true
    openCount -= 1
  }

  mutating func remove(_ key: StreamKey) {
    guard contains(key) else { return }
    slots[key.slot].reset()
    free.append(key.slot)
  }

  // A span lends its elements; an array's subscript would copy them, and count references.

  func contains(_ key: StreamKey) -> Bool {
    key.slot >= 0 && key.slot < slots.count && slots.span[key.slot].id == key.id
  }

  func isOpen(_ key: StreamKey) -> Bool { contains(key) && !slots.span[key.slot].isClosed }

  func key(at slot: Int) -> StreamKey? {
    guard slot >= 0, slot < slots.count, let id = slots.span[slot].id else { return nil }
    return StreamKey(slot: slot, id: id)
  }

  /// For the rare stream that nghttp2 never opened and so carries no place.
  func find(_ id: StreamID) -> StreamKey? {
    slots.firstIndex { $0.id == id }.map { StreamKey(slot: $0, id: id) }
  }

  subscript(_ key: StreamKey) -> StreamState {
    _read { yield slots.span[key.slot] }
    _modify { yield &slots[key.slot] }
  }
}
