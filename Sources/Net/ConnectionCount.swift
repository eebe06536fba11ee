internal import Linux
internal import Synchronization

/// How many connections a server has on all its loops, and how many from each address.
final class ConnectionCount: Sendable {
  private let count = Atomic<Int>(0)
  private let limit: Int
  private let limitPerAddress: Int?
  /// Connections by host, as far as they are limited.
  private let hosts = Mutex<[String: Int]>([:])

  init(_ limits: NetLimits) {
    limit = limits.connections
    limitPerAddress = limits.connectionsPerAddress
  }

  /// How many there are.
  var current: Int { count.load(ordering: .relaxed) }

  /// Takes a place; if there is none, says why.
  func enter(_ peer: SocketAddress) -> RefusalReason? {
    guard count.wrappingAdd(1, ordering: .relaxed).oldValue < limit else {
      count.wrappingSubtract(1, ordering: .relaxed)
      return .tooManyConnections
    }
    guard enterHost(peer) else {
      count.wrappingSubtract(1, ordering: .relaxed)
      return .tooManyFromAddress
    }
    return nil
  }

  private func enterHost(_ peer: SocketAddress) -> Bool {
    guard let limitPerAddress, let host = peer.host else { return true }
    return hosts.withLock { hosts in
      let count = hosts[host, default: 0]
      if count < limitPerAddress { hosts[host] = count + 1 }
      return count < limitPerAddress
    }
  }

  /// Gives a place back.
  func leave(_ peer: SocketAddress) {
    count.wrappingSubtract(1, ordering: .relaxed)
    guard limitPerAddress != nil, let host = peer.host else { return }
    hosts.withLock { hosts in
      let count = hosts[host, default: 1] - 1
      hosts[host] = count > 0 ? count : nil
    }
  }
}
