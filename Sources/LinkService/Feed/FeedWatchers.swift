internal import Synchronization

/// Those who wait for the feed of a tenant to go on.
///
/// A waker carries no event: what has happened is read from the store, so that nobody can miss
/// what came while they were looking away.
final class FeedWatchers: Sendable {
  private struct Tenant {
    var wakers: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextID = 0
  }

  private let tenants = Mutex<[[UInt8]: Tenant]>([:])

  /// A stream with an element whenever the feed has gone on since the last one was taken; nil if
  /// the tenant has too many already.
  func watch(tenant: String) -> AsyncStream<Void>? {
    let (stream, waker) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let name = Array(tenant.utf8)
    let id = tenants.withLock { tenants -> Int? in
      var entry = tenants[name] ?? Tenant()
      guard entry.wakers.count < LinkLimits.watchersPerTenant else { return nil }
      entry.nextID &+= 1
      entry.wakers[entry.nextID] = waker
      tenants[name] = entry
      return entry.nextID
    }
    guard let id else { return nil }
    waker.onTermination = { [weak self] _ in self?.leave(name, id) }
    return stream
  }

  /// Tells them that there is something new.
  func wake(tenant: String) {
    let wakers = tenants.withLock { $0[Array(tenant.utf8)]?.wakers.values.map(\.self) ?? [] }
    for waker in wakers { waker.yield() }
  }

  private func leave(_ tenant: [UInt8], _ id: Int) {
    tenants.withLock { tenants in
      tenants[tenant]?.wakers[id] = nil
      if tenants[tenant]?.wakers.isEmpty == true { tenants[tenant] = nil }
    }
  }
}
