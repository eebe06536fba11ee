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
  /// Beyond it the stream is reset: counted without the 32 bytes for each field that the announced
  /// size includes, for whoever does not count them either.
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

  /// RST_STREAM from the peer: a caller whose deadlines pass withdraws some calls every second; an
  /// attack, thousands.
  ///
  /// Whoever needs more is dismissed: may finish what is under way, and begins again elsewhere.
  public var resets = Rate(burst: 200, every: .milliseconds(50))

  /// RST_STREAM from a peer that has been dismissed, before the connection ends for all its streams: a
  /// client with thousands of calls that run out of time together goes on until it has read so.
  ///
  /// What it still opens is not looked at.
  public var lateResets = Rate(burst: 2000, every: .milliseconds(10))

  /// Streams opened beyond `concurrentStreams`: a client may do so until it has read our settings,
  /// for one round trip.
  public var refusedStreams = Rate(burst: 2000, every: .milliseconds(10))

  /// Malformed requests, and frames that are legal and without use: each costs us an answer or at
  /// least a look, and no client needs them.
  ///
  /// Browsers send a few PRIORITY and some unknown frames.
  public var mistakes = Rate(burst: 100, every: .milliseconds(100))

  /// PING, not counting those after which we sent HEADERS or DATA: gRPC's two strikes.
  ///
  /// A client that measures its bandwidth pings while it receives; one that looks for life does so
  /// every ten seconds at most.
  public var pings = Rate(burst: 3, every: .seconds(10))

  /// PING while no stream is open: nobody waits for anything, so once a minute will do.
  ///
  /// Enough to keep a NAT from forgetting the connection.
  public var idlePings = Rate(burst: 3, every: .seconds(60))

  /// SETTINGS: a client that tunes its windows sends one whenever its estimate doubles.
  public var settings = Rate(burst: 50, every: .milliseconds(200))

  /// DATA in a row that carry nothing and end nothing, before each is a mistake: a library may flush
  /// an empty buffer now and then.
  public var emptyDataInARow = 8

  /// Whether WINDOW_UPDATE are no more than there can be reason for; Envoy's formula.
  ///
  /// A handful at the start, two for each stream, and twenty for each DATA that was sent.
  public var boundsWindowUpdates = true

  func allowsWindowUpdates(_ counts: FrameCounts) -> Bool {
    !boundsWindowUpdates
      || counts.windowUpdates <= 5 + 2 * (counts.headers + 10 * counts.sentData)
  }

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
