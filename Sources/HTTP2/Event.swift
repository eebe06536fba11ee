/// A stream of one session: the place of its state, and its number, which tells a later stream in
/// the same place apart.
public struct StreamKey: Hashable, Sendable {
  /// Where the session keeps the stream: small, dense, reused.
  ///
  /// Good for a parallel array.
  public let slot: Int
  /// The number on the wire.
  public let id: StreamID

  init(slot: Int, id: StreamID) {
    self.slot = slot
    self.id = id
  }
}

/// What happened on a connection, in the order in which it happened.
public enum Event: Sendable, Hashable {
  /// The peer's header fields: a new request on a server, the final response on a client.
  case headers(StreamKey, HeaderBlock, endStream: Bool)
  /// Bytes of a body: `count` of them, at `offset` in the input that was fed last. With `endStream`
  /// they were the last, and may be none.
  case data(StreamKey, offset: Int, count: Int, endStream: Bool)
  /// The fields after a body; the peer has finished.
  case trailers(StreamKey, HeaderBlock)
  /// A stream that had too much queued can take more.
  case writable(StreamKey)
  /// A stream is over. Last event with this key; its place may now be another stream's.
  case closed(StreamKey, ErrorCode)
  /// The peer's settings came, so its preface is complete.
  case settings
  /// The peer has taken over our settings.
  case settingsAcknowledged
  /// The peer has answered a PING.
  case pingAcknowledged
  /// The peer will not answer streams after `lastStream`, or is going to say so.
  case goAway(lastStream: StreamID, ErrorCode)
}

/// How many frames of each kind the peer has sent: what a budget against abuse looks at.
public struct FrameCounts: Sendable, Hashable {
  /// DATA, with or without payload.
  public internal(set) var data = 0
  /// DATA that carry nothing and end nothing.
  public internal(set) var emptyData = 0
  /// HEADERS.
  public internal(set) var headers = 0
  /// PRIORITY and PRIORITY_UPDATE.
  public internal(set) var priority = 0
  /// RST_STREAM.
  public internal(set) var resets = 0
  /// SETTINGS without acknowledgements.
  public internal(set) var settings = 0
  /// PING without acknowledgements.
  public internal(set) var pings = 0
  /// WINDOW_UPDATE.
  public internal(set) var windowUpdates = 0
  /// CONTINUATION.
  public internal(set) var continuations = 0
  /// All others.
  public internal(set) var others = 0
  /// RST_STREAM that the peer's mistakes made us send.
  public internal(set) var provokedResets = 0
}

/// Why a connection cannot go on.
public enum HTTP2Error: Error, Hashable, Sendable {
  /// The peer does not speak HTTP/2: its first bytes were others.
  case badPreface
  /// A header list grew past `Limits.headerListSizeBeforeClosing`.
  case headerListTooLarge
  /// More than `Limits.continuations` after one HEADERS.
  case tooManyContinuations
  /// The peer makes us answer and does not read the answers.
  case flooded
  /// The library gave up for another reason; the number is its own.
  case library(CInt)
}
