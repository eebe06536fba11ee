/// How much one call may take up.
///
/// Every number is a promise to the other calls in the process.
public struct CallLimits: Sendable, Hashable {
  /// The largest message that is read, counted before and after decompression.
  ///
  /// 4 MiB is what every other gRPC takes, too.
  public var messageBytes: Int

  /// How much of all requests of one connection is kept until they are handled; what is beyond is
  /// refused.
  ///
  /// A hundred at once of a quarter of a megabyte each, as gRPC's own load tests send them, and a
  /// few of the largest.
  public var requestBytesPerConnection = 32 << 20

  /// From the header fields of a call to the end of its request, where a method takes one; nil: as
  /// long as the client likes.
  ///
  /// What interceptors do meanwhile counts.
  /// Nobody has asked the sender yet who it is; whoever sends a byte now and then holds a place that
  /// others need. The largest message takes no longer at two megabits a second.
  public var timeToFinishRequest: Duration? = .seconds(30)

  /// The limits that are the defaults everywhere.
  public init(messageBytes: Int = 4 << 20) {
    self.messageBytes = messageBytes
  }

  /// Requests of so many bytes are not counted: they cost less than it would.
  package static let uncountedBytes = 16 << 10

  /// How much memory a length prefix alone can claim: a peer that promises 4 MiB and sends nothing
  /// holds this much.
  ///
  /// Beyond it, memory grows as bytes arrive.
  static let reservedBytes = 64 << 10

  /// Unread messages of this many bytes hold back their writer within a process: a stream's window.
  static let unreadBytes = 64 << 10

  /// Responses shorter than this are not worth compressing: the header of gzip alone takes 18 bytes.
  static let smallestToCompress = 1 << 10
}
