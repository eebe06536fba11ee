/// Holds writers back while their peer has enough to read.
package final class Gate: Sendable {
  private struct State {
    var isOpen: Bool
    var end: RPCError?

    func pass() -> Result<Void, RPCError>? {
      if let end { return .failure(end) }
      return isOpen ? .success(()) : nil
    }
  }

  private let monitor: Monitor<State, Result<Void, RPCError>>

  /// A gate that is open or not.
  package init(isOpen: Bool) {
    monitor = Monitor(State(isOpen: isOpen)) { $0.pass() }
  }

  /// Lets everybody pass.
  package func open() { monitor.change { $0.isOpen = true } }

  /// Holds back whoever comes from here on.
  package func close() { monitor.change { $0.isOpen = false } }

  /// Nobody passes any more; the first reason counts.
  package func end(_ error: RPCError) { monitor.change { $0.end = $0.end ?? error } }

  /// Waits until the gate is open.
  package func pass() async throws(RPCError) {
    guard let passed = await monitor.next() else { throw .cancelled }
    try passed.get()
  }
}

/// Something that becomes known once, and then stays as it is.
package final class Eventual<Value: Sendable>: Sendable {
  private let monitor = Monitor<Result<Value, RPCError>?, Result<Value, RPCError>>(nil) { $0 }

  /// Nothing is known yet.
  package init() {}

  /// It is known from here on; the first result counts.
  package func resolve(_ result: Result<Value, RPCError>) { monitor.change { $0 = $0 ?? result } }

  /// Waits until it is known.
  package var value: Value {
    get async throws(RPCError) {
      guard let result = await monitor.next() else { throw .cancelled }
      return try result.get()
    }
  }
}
