internal import Net
internal import RPC

/// The messages of a streaming call between its stream and the task that reads and writes them.
///
/// Bytes are given back to the peer once every message has been read, so a reader that lags stops
/// its own peer when the stream's window is used up, and nobody else. The bytes of a message that
/// is not whole are given back at once: a message may be larger than the window.
///
/// `@unchecked Sendable`: `heldBack` is touched only on the stream's loop.
final class MessageFlow: @unchecked Sendable {
  let incoming = MessageQueue()
  let outgoing: Gate
  private var heldBack = 0

  /// The flow of a stream that can be written to, or not yet.
  init(isWritable: Bool) { outgoing = Gate(isOpen: isWritable) }

  /// Bytes have come, and the messages in them are in the queue.
  func received(_ count: Int, on stream: Stream) {
    heldBack += count
    giveBack(to: stream)
  }

  /// Lets the peer send as much as has come, if all of it has been read.
  func giveBack(to stream: Stream) {
    guard heldBack > 0, incoming.isEmpty else { return }
    stream.consumed(heldBack)
    heldBack = 0
  }

  /// More was written than is good, until the stream has become writable.
  func wrote(to stream: Stream) {
    if !stream.isWritable { outgoing.close() }
  }

  /// Nobody reads or writes any more.
  ///
  /// - Parameter error: what reading fails with; nil if the peer's messages end as they should.
  func end(_ error: RPCError? = nil) {
    incoming.end(error)
    outgoing.end(error ?? .callIsOver)
  }
}

extension EventLoop {
  /// Runs `body` on the loop: now if the caller is there already.
  func perform(_ body: @escaping @Sendable () -> Void) {
    if inLoop { body() } else { execute(body) }
  }
}
