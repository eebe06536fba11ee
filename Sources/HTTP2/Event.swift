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
  /// The peer has answered the PING with this payload, or says so.
  case pingAcknowledged(UInt64)
  /// The peer will not answer streams after `lastStream`, or is going to say so.
  ///
  /// The text is the start of what it added for whoever reads logs.
  case goAway(lastStream: StreamID, ErrorCode, text: String)
  /// The peer did too much of something and is told to open no more streams here; those that it has
  /// go on.
  case dismissed(Excess)
}
