internal import Net
internal import RPC

/// The response of a unary call, for the task that waits for it.
///
/// `@unchecked Sendable`: what is mutable is touched only on the loop of the channel.
final class UnaryResponse: ResponseSink, @unchecked Sendable {
  typealias Outcome = Result<Response<[UInt8]>, RPCError>

  private var metadata = Metadata()
  private var message = ReceivedMessage(bytes: [])
  private var continuation: CheckedContinuation<Outcome, Never>?
  /// Set if the call is over before anybody waits for it: its task was cancelled from the start.
  private var outcome: Outcome?

  /// The caller waits from here on.
  func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
    if let outcome { return continuation.resume(returning: outcome) }
    self.continuation = continuation
  }

  func received(_ metadata: Metadata) { self.metadata = metadata }

  func received(_ message: ReceivedMessage) { self.message = message }

  func received(_ count: Int, on stream: Net.Stream) { stream.consumed(count) }

  func setWritable(_ isWritable: Bool) {}

  func end(_ result: Result<Metadata, RPCError>, wasGivenUp: Bool) {
    let outcome = result.map { trailing in
      Response(
        message: message.bytes, metadata: metadata, trailingMetadata: trailing,
        wasCompressed: message.wasCompressed)
    }
    if let continuation {
      self.continuation = nil
      continuation.resume(returning: outcome)
    } else {
      self.outcome = outcome
    }
  }
}
