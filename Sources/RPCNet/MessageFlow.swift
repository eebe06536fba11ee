internal import Net
internal import RPC

/// The messages of a streaming call between its stream and the task that reads and writes them.
///
/// Bytes are given back to the peer once somebody waits for the next message and every one before
/// has been read, so a reader that lags stops its own peer when the stream's window is used up, and
/// nobody else. The bytes of a message that is not whole are given back as they come: a message may
/// be larger than the window.
///
/// `@unchecked Sendable`: what is mutable is touched only on the stream's loop.
final class MessageFlow: @unchecked Sendable {
  let incoming = MessageQueue()
  let outgoing: Gate
  private var heldBack = 0
  private var isWanted: Bool

  /// The flow of a stream that can be written to, or not yet; `isWanted` if what comes from the peer
  /// has been asked for.
  init(isWritable: Bool, isWanted: Bool) {
    outgoing = Gate(isOpen: isWritable)
    self.isWanted = isWanted
  }

  /// Somebody asks for the next message.
  func want(from stream: Stream) {
    isWanted = true
    giveBack(to: stream)
  }

  /// Bytes have come, and the messages in them are in the queue.
  func received(_ count: Int, on stream: Stream) {
    heldBack += count
    giveBack(to: stream)
  }

  /// Lets the peer send as much as has come, if all of it has been read.
  func giveBack(to stream: Stream) {
    guard heldBack > 0, isWanted, incoming.isEmpty else { return }
    stream.consumed(heldBack)
    heldBack = 0
  }

  /// More was written than is good, until the stream has become writable.
  func wrote(to stream: Stream) {
    if !stream.isWritable { outgoing.close() }
  }

  /// Nobody reads or writes any more.
  ///
  /// - Parameters:
  ///   - error: what reading fails with; nil if the peer's messages end as they should.
  ///   - cuttingOff: whether it does so at once, and not behind the messages that have come.
  func end(_ error: RPCError? = nil, cuttingOff: Bool = true) {
    incoming.end(error, cuttingOff: cuttingOff)
    outgoing.end(error ?? .callIsOver)
  }
}

extension EventLoop {
  /// Runs `body` on the loop: now if the caller is there already.
  func perform(_ body: @escaping @Sendable () -> Void) {
    if inLoop { body() } else { execute(body) }
  }
}
