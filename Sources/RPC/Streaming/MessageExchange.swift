/// The messages of one call in both directions, as bytes: what a transport is to a streaming call.
///
/// All members may be used from any task.
public protocol MessageExchange: AnyObject, Sendable {
  /// Waits for the peer's next message; nil once it has sent its last.
  ///
  /// Messages that nobody asks for hold back their sender.
  func receive() async throws(RPCError) -> ReceivedMessage?

  /// Sends a message, after waiting until the peer has room for it.
  ///
  /// - Parameter frame: five bytes that are filled in already, and the serialized message.
  /// - Parameter compressed: whether the call's compression is used, if it has one.
  func send(_ frame: [UInt8], compressed: Bool) async throws(RPCError)
}

/// The client's end of a call.
///
/// Dropping the last reference cancels the call.
public protocol ClientExchange: MessageExchange {
  /// What came before the first response.
  var metadata: Metadata { get async throws(RPCError) }
  /// What came after the last response; empty until then.
  var trailingMetadata: Metadata { get }

  /// No requests follow.
  func finishSending()
  /// Ends the call, if it has not ended yet, and tells the peer.
  func cancel()
}

extension ClientExchange {
  /// Sends the one request of a call.
  ///
  /// That the call is over before is no failure here: what comes back says why it is.
  func sendOnly(_ frame: [UInt8]) async throws(RPCError) {
    do throws(RPCError) { try await send(frame, compressed: true) } catch {
      guard error.code == .cancelled else { throw error }
    }
    finishSending()
  }
}

/// A message as it came, decompressed.
public struct ReceivedMessage: Sendable, Hashable {
  /// The serialized message.
  public var bytes: [UInt8]
  /// Whether it was compressed on its way.
  public var wasCompressed: Bool

  /// A message.
  public init(bytes: [UInt8], wasCompressed: Bool = false) {
    self.bytes = bytes
    self.wasCompressed = wasCompressed
  }
}
