/// Where a call stands on the client, and what must be done when something happens to it.
///
/// A value without time or I/O, the counterpart of `ServerCallState`. A call completes exactly
/// once, whatever else happens to it before or after.
package struct ClientCallState: Sendable, Equatable {
  /// What is to be done, in the order in which the members are declared.
  package struct Effects: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Said here so that nobody goes through the witnesses of the protocol for a bit.
    package func contains(_ other: Effects) -> Bool { rawValue & other.rawValue == other.rawValue }

    /// Tell the caller how the call went.
    package static let complete = Effects(rawValue: 1)
    /// Reset the stream with CANCEL: what still comes on it is of no use.
    package static let reset = Effects(rawValue: 2)
  }

  private enum Outcome: Equatable { case open, known }
  private enum Stream: Equatable { case open, closed }

  private var outcome = Outcome.open
  private var stream = Stream.open

  /// A call that is about to begin.
  package init() {}

  /// Whether the caller still waits.
  package var isOpen: Bool { outcome == .open }

  /// The response has been read to its end, its status known.
  ///
  /// Where the server has not waited for all of the request, the stream would stay half open.
  package mutating func responseEnded() -> Effects { complete().union(close()) }

  /// The call failed on this side: cancelled, out of time, or its response unreadable.
  package mutating func failed() -> Effects { complete().union(close()) }

  /// The stream is gone.
  package mutating func streamClosed() -> Effects {
    stream = .closed
    return complete()
  }

  private mutating func complete() -> Effects {
    guard outcome == .open else { return [] }
    outcome = .known
    return .complete
  }

  private mutating func close() -> Effects {
    guard stream == .open else { return [] }
    stream = .closed
    return .reset
  }
}
