public import HTTP2
public import Linux

/// Why a connection was ended, or not begun, by us and against the will of its peer.
///
/// The names are those under which refusals are counted.
public struct RefusalReason: RawRepresentable, Hashable, Sendable {
  /// Lower case with underscores.
  public let rawValue: String

  /// A reason by its name.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// There are as many connections from one address as are allowed.
  public static let tooManyFromAddress = RefusalReason(
    rawValue: "too_many_connections_from_address")
  /// There are as many connections as are allowed.
  public static let tooManyConnections = RefusalReason(rawValue: "too_many_connections")
  /// TLS or HTTP/2 was not agreed on in time.
  public static let slowToEstablish = RefusalReason(rawValue: "slow_to_establish")
  /// Our settings were not acknowledged in time.
  public static let settingsNotAcknowledged = RefusalReason(rawValue: "settings_not_acknowledged")
  /// A header block was begun and not finished in time.
  public static let slowHeaders = RefusalReason(rawValue: "slow_headers")
  /// Output waited for a peer that hardly read.
  public static let slowReader = RefusalReason(rawValue: "slow_reader")
  /// Nothing came from the peer, nor an answer when it was asked for a sign of life.
  public static let vanished = RefusalReason(rawValue: "vanished")
  /// TLS failed.
  public static let insecure = RefusalReason(rawValue: "insecure")
}

/// A refusal, to be counted and logged: one for each connection at most.
public struct Refusal: Sendable {
  /// What was wrong.
  public let reason: RefusalReason
  /// Whose fault it was.
  public let peer: SocketAddress
  /// What that peer had sent; nil for a connection that was never begun.
  public let frames: FrameCounts?
}
