internal import Net
internal import RPC

/// A call that waits for a connection.
protocol PendingCall: AnyObject {
  /// Whether somebody still wants this call made.
  var isOpen: Bool { get }
  /// Whether it waits while no connection can be made.
  var waitsForReady: Bool { get }
  /// Sends the request.
  ///
  /// Throws if the connection takes no more, and then nothing has been sent.
  func send(on connection: Connection) throws(NetError)
  /// There is no connection for the call.
  func notSent(_ error: RPCError)
  /// Ends the call from this side, if it has not ended yet.
  func fail(_ error: RPCError)
}

/// Calls in the order in which they came.
///
/// A call that ends while it waits is passed over when its turn comes, or when half of those here
/// are like it.
struct WaitingCalls {
  private var calls: [any PendingCall] = []
  private var first = 0
  /// How many there may be before those that have ended are looked for.
  private var countToSweep = leastToSweep
  private static let leastToSweep = 64

  var count: Int { calls.count - first }
  var isEmpty: Bool { first == calls.count }

  mutating func append(_ call: any PendingCall) {
    if calls.count >= countToSweep { sweep() }
    calls.append(call)
  }

  /// The call that has waited longest.
  mutating func popFirst() -> (any PendingCall)? {
    while first < calls.count {
      let call = calls[first]
      first += 1
      if isEmpty {
        calls.removeAll(keepingCapacity: true)
        first = 0
      }
      if call.isOpen { return call }
    }
    return nil
  }

  /// All of them for which `condition` is true, which are taken out.
  mutating func removeAll(
    where condition: (any PendingCall) -> Bool = { _ in true }
  ) -> [any PendingCall] {
    let all = calls[first...].filter(\.isOpen)
    calls = all.filter { !condition($0) }
    first = 0
    return all.filter(condition)
  }

  /// Puts a call back to where it was taken from.
  mutating func putBack(_ call: any PendingCall) {
    if first > 0 {
      first -= 1
      calls[first] = call
    } else {
      calls.insert(call, at: 0)
    }
  }

  private mutating func sweep() {
    calls = calls[first...].filter(\.isOpen)
    first = 0
    countToSweep = max(Self.leastToSweep, 2 * calls.count)
  }
}
