import LinkAPI
import LinkService
import Protobuf
import RPC
import Testing

/// T116: an open stream is no way to go on with a token that is good no more.
@Suite struct `The end of a watcher` {
  /// A stream that has begun, and the token that it was opened with.
  private func watch(
    _ world: World, expiring: Int64? = nil
  ) async throws -> (watcher: Watcher, token: String) {
    let made = try await world.make(.read, expiring: expiring)
    let watcher = Watcher()
    await watcher.begin(world.client(authorization: ["Bearer \(made.text)"]), "profiles/-")
    _ = await watcher.first(1)
    return (watcher, made.token?.name ?? "")
  }

  @Test(.timeLimit(.minutes(1)))
  func `a stream ends when its token is revoked, and no other one does`() async throws {
    let world = World()
    let (watcher, token) = try await watch(world)
    let (other, _) = try await watch(world)
    try await world.revoke(token)
    let start = ContinuousClock.now
    let error = await watcher.failure()
    #expect(start.duration(to: .now) <= .seconds(5))
    #expect(error?.code == .unauthenticated)
    #expect(error?.reason == "UNAUTHENTICATED")
    let name = try await world.client().link().linked.name
    #expect(await other.first(2).last?.event?.account?.name == name)
    _ = await other.end()
  }

  @Test(.timeLimit(.minutes(1)))
  func `a stream ends when its token runs out, without anybody doing anything`() async throws {
    let world = World()
    let (watcher, _) = try await watch(world, expiring: world.time.now + 60)
    world.time.advance(by: 60)
    // Within the interval in which every stream looks after its token.
    let start = ContinuousClock.now
    #expect(await watcher.failure()?.code == .unauthenticated)
    #expect(start.duration(to: .now) <= .seconds(5))
  }

  @Test(.timeLimit(.minutes(1)))
  func `every stream ends when linkd does, and says where to go on`() async throws {
    let world = World()
    let (watcher, _) = try await watch(world)
    world.service.endWatchers()
    let error = await watcher.failure()
    #expect(error?.code == .unavailable)
    #expect(error?.details(of: RetryInfo.self).count == 1)
    let late = Watcher()
    await late.begin(try await world.client(), "profiles/-")
    #expect(await late.failure()?.code == .unavailable)
  }
}
