/// Messages that a transport has received, on their way to the task that reads them.
///
/// Unbounded in itself: whoever fills it stops its peer while the queue is not empty.
package final class MessageQueue: Sendable {
  private struct State {
    var messages: [ReceivedMessage] = []
    var first = 0
    var bytes = 0
    var end: Result<Void, RPCError>?
    /// Whether an error comes before what has not been taken, and not after it.
    var isCutOff = false

    var isEmpty: Bool { first == messages.count }

    mutating func next() -> Result<ReceivedMessage?, RPCError>? {
      if isCutOff || isEmpty, case .failure(let error)? = end { return .failure(error) }
      if isEmpty { return end == nil ? nil : .success(nil) }
      let message = messages[first]
      bytes -= message.bytes.count
      first += 1
      if isEmpty {
        messages.removeAll(keepingCapacity: true)
        first = 0
      }
      return .success(message)
    }
  }

  private let monitor = Monitor(State()) { $0.next() }

  /// An empty queue.
  package init() {}

  /// Whether every message has been taken.
  package var isEmpty: Bool { monitor.read { $0.isEmpty } }

  /// The bytes of all messages that have not been taken.
  package var unreadBytes: Int { monitor.read { $0.bytes } }

  /// Adds a message behind the others.
  package func append(_ message: ReceivedMessage) {
    monitor.change { state in
      guard state.end == nil else { return }
      state.messages.append(message)
      state.bytes += message.bytes.count
    }
  }

  /// Nothing follows.
  ///
  /// Only the first end counts, except that an error may follow an end without one.
  ///
  /// - Parameter cuttingOff: whether an error takes the place of the messages that have not been
  ///   taken; without one they are still there.
  package func end(_ error: RPCError? = nil, cuttingOff: Bool = true) {
    monitor.change { state in
      if case .failure? = state.end { return }
      if let error { state.end = .failure(error) } else { state.end = .success(()) }
      state.isCutOff = cuttingOff
    }
  }

  /// Waits for the next message; nil once there will be none.
  package func next() async throws(RPCError) -> ReceivedMessage? {
    guard let next = await monitor.next() else { throw .cancelled }
    return try next.get()
  }
}
