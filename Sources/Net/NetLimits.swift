/// How long the network is waited for and how much is taken at once.
///
/// Every number has its reason beside it; those of the protocol are in `HTTP2.Limits`.
public struct NetLimits: Sendable, Hashable {
  /// Until the peer's settings have arrived, TLS handshake included: what nghttpx waits.
  public var timeToEstablish = Duration.seconds(10)

  /// Until the peer has acknowledged our settings: what nghttpx waits.
  ///
  /// Also how long one that is sent away has to notice.
  public var timeToAcknowledgeSettings = Duration.seconds(10)

  /// From the first byte of a header block to its last: a block fits into a few packets.
  public var timeToFinishHeaders = Duration.seconds(10)

  /// Without a stream, before a connection is sent away: longer than most clients keep one, so that
  /// it is theirs to decide.
  public var idleTime = Duration.seconds(300)

  /// How often is looked at who leaves output waiting.
  public var stallPeriod = Duration.seconds(10)

  /// What a reader must take in such a period, while something waits, not to be called slow: the
  /// slowest mobile line takes ten times as much.
  public var bytesPerStallPeriod = 10 * 1024

  /// Slow periods in a row before a stream is reset, or a connection that does not read at all is
  /// closed: half a minute, in which a network recovers.
  public var stallPeriods = 3

  /// How often it is looked whether a stream has waited for its peer for too long: it may be noticed
  /// so much later.
  public var streamCheckPeriod = Duration.seconds(5)

  /// Without a byte from a peer, before it is asked for a sign of life; nil: never.
  ///
  /// Routers forget a silent connection after a few minutes, and a peer that vanished in the middle
  /// of a call would hold it for ever.
  public var keepaliveInterval: Duration? = .seconds(60)

  /// Whether a client asks its server while no call waits for it: servers of gRPC resent that.
  public var clientKeepaliveWithoutStreams = false

  /// Until a peer that was asked for a sign of life counts as gone: gRPC's value.
  public var timeToAnswerKeepalive = Duration.seconds(20)

  /// How old a connection to a server grows before its peer is asked to make a new one, a tenth more
  /// or less; nil: as old as it likes.
  ///
  /// For servers behind something that balances connections: calls move with them.
  public var maximumAge: Duration?

  /// What the calls under way get when a connection has become too old.
  public var graceAtMaximumAge = Duration.seconds(60)

  /// Until a peer has confirmed that it knows of a shutdown; then it is told the last stream all the
  /// same: ten times around the world.
  public var timeToAcknowledgeShutdown = Duration.seconds(2)

  /// Requests taken from one connection in one turn of the loop, before the others get theirs: one
  /// that sends hundreds at once must not be felt by its neighbours.
  public var requestsPerTurn = 16

  /// Connections of one address at once; nil: no limit of its own, since a proxy is one address.
  public var connectionsPerAddress: Int?

  /// Connections of one server at once: at 40 KB each with TLS, 400 MB.
  ///
  /// Those beyond it are closed before anything is spent on them.
  public var connections = 10_000

  /// Until a dialled address has answered: gRPC's floor is 20 s for all of it, and there may be
  /// several addresses.
  public var timeToConnect = Duration.seconds(10)

  /// Until the next address of a name is dialled beside one that has not answered: what RFC 8305
  /// recommends.
  public var timeToNextAddress = Duration.milliseconds(250)

  /// Addresses of one name that are dialled: more than this many do not fail alike by chance.
  public var addressesPerDial = 16

  /// After a connection was ended because of an error, so that our last words are read before the
  /// kernel resets it: long enough for a round trip around the world.
  public var linger = Duration.seconds(1)

  /// Before accepting is tried again when there are no descriptors left: somebody has to close one
  /// first, and asking at once would spin.
  public var pauseWithoutDescriptors = Duration.milliseconds(200)

  /// Connections waiting to be accepted: what the kernel allows by default (`somaxconn`).
  public var backlog: Int32 = 4096

  /// Connections accepted in one turn, so that a storm of them does not starve the accepted ones.
  public var acceptsPerTurn = 64

  /// The defaults above.
  public init() {}

  /// Descriptors that are kept back for all that is no peer's connection: files, loops, connections
  /// to others, and those that are only accepted to be turned away.
  public static let reservedDescriptors = 256

  /// Allows no more connections than a process with so many descriptors can have.
  ///
  /// Where there are hardly more than are kept back, one in eight has to do.
  public mutating func fit(descriptors: Int) {
    connections = min(connections, max(descriptors - Self.reservedDescriptors, descriptors / 8, 1))
  }

  /// Bytes per read: big enough for a full batch of small requests, small enough for the cache.
  static let readSize = 64 * 1024
  /// Reads from one connection in one turn, before the others get theirs.
  static let readsPerTurn = 4
  /// Bytes per write, and so the most that can wait for a slow socket (one frame more, sealed).
  static let writeSize = 64 * 1024
  /// Writes to one connection in one turn, before the others get theirs.
  static let writesPerTurn = 16
}
