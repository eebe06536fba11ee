/// How much one peer may ask of a connection.
///
/// Every number has its reason beside it.
public struct Limits: Sendable, Hashable {
  /// Streams open at once: what nghttpx, swift-nio and Envoy's edge allow.
  ///
  /// Also bounds what a single peer can have running.
  public var concurrentStreams: UInt32 = 100

  /// Bytes that a peer may send on one stream before the application has read any: the protocol's
  /// initial value (65,535) rounded up.
  ///
  /// Enough for 5 Gbit/s at 0.1 ms.
  public var streamWindow: Int32 = 65_536

  /// Bytes in flight on the connection.
  ///
  /// It is given back on arrival, so it bounds nothing but a burst; sixteen full streams.
  public var connectionWindow: Int32 = 1_048_576

  /// Size of a header list that is accepted, as SETTINGS_MAX_HEADER_LIST_SIZE counts and announces
  /// it: gRPC's soft limit.
  ///
  /// Beyond it the stream is reset.
  public var headerListSize = 8 * 1024

  /// Size at which a peer is not careless but attacking, and the connection ends: gRPC's hard limit.
  public var headerListSizeBeforeClosing = 16 * 1024

  /// Fields in a header list: an empty field costs its sender one byte and us a record (the HTTP/2
  /// Bomb of 2026).
  ///
  /// Each cookie crumb counts.
  public var headerFields = 64

  /// CONTINUATION frames after one HEADERS: 8 KiB fit into one frame already, so none is needed.
  public var continuations = 4

  /// Entries in one SETTINGS frame; six are defined.
  public var settingsEntries = 32

  /// PING and SETTINGS acknowledgements that may wait for a peer which does not read.
  public var queuedAcknowledgements = 100

  /// Frames of all kinds that may wait before the connection stops reading.
  ///
  /// A peer that reads cannot reach it: 100 streams have three frames each under way.
  public var queuedFramesBeforePausing = 500

  /// The largest frame that is accepted: the smallest value that may be announced.
  public var frameSize: UInt32 = 16_384

  /// Bytes that may wait to be sent on one stream before its sender is told to hold on.
  public var queuedBytesPerStream = 65_536

  /// The defaults above.
  public init() {}
}
