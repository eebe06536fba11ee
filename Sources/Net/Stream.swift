public import HTTP2
public import Linux

/// One HTTP/2 stream, as the application sees it: a request and its response.
///
/// A small value, free to copy; the connection holds the state. All members are called on the
/// connection's loop and return at once. Output is collected and written when the turn of the loop
/// ends. Whatever is done to a stream that has ended has no effect, so that an application need not
/// race with its peer's reset; the handler's `closed` says so once.
public struct Stream: Sendable {
  /// The connection that carries the stream: its peer, its loop.
  public let connection: Connection
  /// The place of the stream in its session.
  let key: StreamKey

  /// The number of the stream on the wire.
  public var id: StreamID { key.id }

  /// Sends the header fields of a response: first `:status`, then the rest.
  ///
  /// Once, before any data.
  ///
  /// With `endStream` it is a whole response, such as gRPC's trailers-only.
  public func sendHeaders(_ headers: HeaderBlock, endStream: Bool = false) {
    connection.sendHeaders(headers, endStream: endStream, on: key)
  }

  /// Queues bytes of the body, the last ones if `endStream`.
  ///
  /// The array is sent as it is, not copied. A sender of much should stop while `isWritable` is
  /// false and go on when the handler's `becameWritable` is called.
  public func sendData(_ bytes: [UInt8], endStream: Bool = false) {
    connection.sendData(bytes, endStream: endStream, on: key)
  }

  /// Ends our side with `trailers`, sent after all data that is queued.
  public func sendTrailers(_ trailers: HeaderBlock) {
    connection.sendTrailers(trailers, on: key)
  }

  /// Ends both sides at once.
  ///
  /// What is queued is dropped; `closed` follows.
  public func reset(_ code: ErrorCode) {
    connection.reset(code, on: key)
  }

  /// Says that the application is done with `count` received bytes, so that the peer may send as
  /// many more.
  ///
  /// Until then the peer can send no more than the stream's window.
  public func consumed(_ count: Int) {
    connection.consumed(count, on: key)
  }

  /// Whether less waits to be sent than `Limits.queuedBytesPerStream`.
  public var isWritable: Bool { connection.isWritable(key) }
}

/// What follows one stream: one object per stream, called on its connection's loop.
///
/// The calls come in this order: headers, then data, then perhaps trailers; `closed` is the last one
/// and comes exactly once, whatever happens. A handler may use its stream, and any other stream of
/// the same loop, from within each call.
public protocol StreamHandler: AnyObject {
  /// The peer's header fields: the request for a server (unless the acceptor has taken them), the
  /// response for a client. `endStream`: nothing follows.
  func receivedHeaders(_ headers: HeaderBlock, endStream: Bool)

  /// Some bytes of the body, valid only during the call: copy what you keep. `endStream`: these
  /// were the last (and may be none at all). Answer with `Stream.consumed` once they have been
  /// dealt with.
  func receivedData(_ bytes: Span<UInt8>, endStream: Bool)

  /// The fields after the body; nothing follows.
  func receivedTrailers(_ trailers: HeaderBlock)

  /// `Stream.isWritable` was false and is true again.
  func becameWritable()

  /// Comes every `NetLimits.streamCheckPeriod` while the stream of a server is open: whoever has
  /// waited for its peer for too long ends it here.
  func timePassed(_ now: MonotonicTime)

  /// The stream is over: both sides finished (`noError`), or one of them reset it, or the
  /// connection went away (`connectionLost` is true: nobody said why).
  func closed(_ code: ErrorCode, connectionLost: Bool)
}

extension StreamHandler {
  /// Waits for ever.
  public func timePassed(_ now: MonotonicTime) {}
}

/// Decides what happens to the streams that a peer opens.
///
/// One for a whole server, called on all of its loops.
public protocol StreamAcceptor: Sendable {
  /// A new request with its header fields; returns who follows the stream from here on.
  ///
  /// The handler does not see these header fields again. It may answer within this call.
  func accept(_ stream: Stream, headers: HeaderBlock, endStream: Bool) -> any StreamHandler
}
