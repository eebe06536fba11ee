public import HTTP2

/// What a peer said when it ended its connection.
public struct GoAway: Sendable, Hashable {
  /// Its reason.
  public let code: ErrorCode
  /// What it added for whoever reads logs, cut short.
  public let text: String

  /// Whether it was asked for signs of life too often.
  public var isTooManyPings: Bool { code == .enhanceYourCalm && text == "too_many_pings" }
}

// What the side that dialled wants to know.
extension Connection {
  /// Whether the peer allows one more stream at once.
  ///
  /// If not, one that is opened all the same waits inside, and fails as refused if the connection ends
  /// before its turn.
  public var hasRoom: Bool {
    loop.requireInLoop()
    return session.streamCount < session.allowedStreams
  }

  /// Calls `action` on the loop whenever there may be more room: a stream has ended, or the peer
  /// allows more.
  public func whenRoomChanges(_ action: @escaping () -> Void) {
    loop.requireInLoop()
    roomChanged = action
  }

  /// Whether the peer has begun to answer any stream.
  public var hasAnswered: Bool {
    loop.requireInLoop()
    return isAnswered
  }

  /// What the peer said when it ended the connection; nil if it has not.
  public var lastWords: GoAway? {
    loop.requireInLoop()
    return goAway
  }
}
