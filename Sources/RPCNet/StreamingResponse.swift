internal import Net
internal import RPC
internal import Synchronization

/// The responses of a streaming call, for the task that reads them.
///
/// `@unchecked Sendable`: what is mutable and under no lock is touched only on the loop of the
/// channel.
final class StreamingResponse: ResponseSink, @unchecked Sendable {
  let flow = MessageFlow(isWritable: false, isWanted: true)
  let metadata = Eventual<Metadata>()
  private let trailing = Mutex(Metadata())
  private var stream: Net.Stream?

  /// What came after the last response; empty until then.
  var trailingMetadata: Metadata { trailing.withLock(\.self) }

  func received(_ metadata: Metadata) { self.metadata.resolve(.success(metadata)) }

  func received(_ message: ReceivedMessage) { flow.incoming.append(message) }

  func received(_ count: Int, on stream: Net.Stream) {
    self.stream = stream
    flow.received(count, on: stream)
  }

  /// Everything that came has been read.
  func giveBack() { if let stream { flow.giveBack(to: stream) } }

  func setWritable(_ isWritable: Bool) {
    if isWritable { flow.outgoing.open() } else { flow.outgoing.close() }
  }

  func end(_ result: Result<Metadata, RPCError>, wasGivenUp: Bool) {
    switch result {
    case .success(let metadata):
      trailing.withLock { $0 = metadata }
      // For a response without headers of its own.
      self.metadata.resolve(.success(Metadata()))
      flow.end()
    case .failure(let error):
      metadata.resolve(.failure(error))
      // What the server has sent before it failed is the caller's.
      flow.end(error, cuttingOff: wasGivenUp)
    }
  }
}

/// A caller's hold on its call: the call does not outlive it.
final class NetworkExchange: ClientExchange {
  private let call: ClientCall
  private let response: StreamingResponse
  private let loop: EventLoop

  init(_ call: ClientCall, _ response: StreamingResponse, on loop: EventLoop) {
    self.call = call
    self.response = response
    self.loop = loop
  }

  deinit { cancel() }

  var metadata: Metadata {
    get async throws(RPCError) { try await response.metadata.value }
  }
  var trailingMetadata: Metadata { response.trailingMetadata }

  func receive() async throws(RPCError) -> ReceivedMessage? {
    do throws(RPCError) {
      let message = try await response.flow.incoming.next()
      if message != nil, response.flow.incoming.isEmpty {
        loop.perform { [response] in response.giveBack() }
      }
      return message
    } catch { throw ended(error) }
  }

  func send(_ frame: [UInt8], compressed: Bool) async throws(RPCError) {
    do throws(RPCError) {
      try await response.flow.outgoing.pass()
      try await loop.run { [call] in call.send(frame, compressed: compressed) }.get()
    } catch { throw ended(error) }
  }

  func finishSending() { loop.execute { [call] in call.finishSending() } }

  func cancel() { loop.execute { [call] in call.fail(.cancelled) } }

  /// A task that is cancelled while it waits gives the call up.
  private func ended(_ error: RPCError) -> RPCError {
    if Task.isCancelled { cancel() }
    return error
  }
}
