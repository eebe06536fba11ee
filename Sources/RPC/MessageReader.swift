/// Reads the messages of one side of a call: takes them out of their frames, decompresses them and
/// holds them to the number that the method allows.
package struct MessageReader: Sendable {
  private var deframer: Deframer
  private let compression: Compression
  private let expectsOne: Bool
  private let limit: Int
  private var count = 0

  /// Reads messages compressed like this; `expectsOne` where the method is not streaming this way.
  package init(_ compression: Compression, expectsOne: Bool, limits: CallLimits) {
    deframer = Deframer(limit: limits.messageBytes)
    self.compression = compression
    self.expectsOne = expectsOne
    limit = limits.messageBytes
  }

  /// Reads from the front of `bytes`, and takes away what it read.
  ///
  /// Returns a message as soon as it is whole, and nil when `bytes` is used up.
  package mutating func next(from bytes: inout Span<UInt8>) throws(RPCError) -> ReceivedMessage? {
    guard let frame = try deframer.next(from: &bytes) else { return nil }
    count += 1
    if expectsOne, count > 1 { throw Self.wrongCount }
    let message = try compression.message(in: frame, limit: limit)
    return ReceivedMessage(bytes: message, wasCompressed: frame.isCompressed)
  }

  /// No bytes follow.
  package func finish() throws(RPCError) {
    guard deframer.isBetweenMessages else {
      throw RPCError(.internal, "the stream ended within a message")
    }
    if expectsOne, count == 0 { throw Self.wrongCount }
  }

  // "Cardinality violations: UNIMPLEMENTED" (statuscodes.md), on both sides.
  static var wrongCount: RPCError {
    RPCError(.unimplemented, "the method takes exactly one message this way")
  }
}
