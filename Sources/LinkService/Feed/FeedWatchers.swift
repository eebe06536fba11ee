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

  private struct State {
    var tenants: [[UInt8]: Tenant] = [:]
    /// Nobody is to wait any more.
    var hasEnded = false
  }

  private let state = Mutex(State())

  /// A stream with an element whenever the feed has gone on since the last one was taken, or the
  /// watcher should look whether it may still watch; it ends when nobody is to wait any more.
  ///
  /// Nil if the tenant has too many already. The second value lets this watcher alone look.
  func watch(
    tenant: String
  ) -> (news: AsyncStream<Void>, look: AsyncStream<Void>.Continuation)? {
    let (stream, waker) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let name = Array(tenant.utf8)
    let id = state.withLock { state -> Int? in
      var entry = state.tenants[name] ?? Tenant()
      guard entry.wakers.count < LinkLimits.watchersPerTenant else { return nil }
      entry.nextID &+= 1
      entry.wakers[entry.nextID] = waker
      state.tenants[name] = entry
      if state.hasEnded { waker.finish() }
      return entry.nextID
    }
    guard let id else { return nil }
    waker.onTermination = { [weak self] _ in self?.leave(name, id) }
    return (stream, waker)
  }

  /// Tells those of one tenant that there is something new.
  func wake(tenant: String) {
    for waker in state.withLock({ Self.wakers($0.tenants[Array(tenant.utf8)]) }) { waker.yield() }
  }

  /// Lets everybody look whether he may still watch.
  func wakeAll() {
    for waker in state.withLock({ $0.tenants.values.flatMap(Self.wakers) }) { waker.yield() }
  }

  /// Ends every stream, and those that come.
  func end() {
    let wakers = state.withLock { state in
      state.hasEnded = true
      return state.tenants.values.flatMap(Self.wakers)
    }
    for waker in wakers { waker.finish() }
  }

  private static func wakers(_ tenant: Tenant?) -> [AsyncStream<Void>.Continuation] {
    tenant?.wakers.values.map(\.self) ?? []
  }

  private func leave(_ tenant: [UInt8], _ id: Int) {
    state.withLock { state in
      state.tenants[tenant]?.wakers[id] = nil
      if state.tenants[tenant]?.wakers.isEmpty == true { state.tenants[tenant] = nil }
    }
  }
}
