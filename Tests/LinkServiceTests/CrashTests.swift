import FakeX
import LinkAPI
import LinkService
import RPC
import Store
import Testing

/// Where a process dies: after so many commits, the last of them made or not.
struct Death: Sendable, CustomTestStringConvertible {
  let commits: Int
  let isMade: Bool
  var testDescription: String {
    "commit \(commits + 1) \(isMade ? "made and not told" : "not made")"
  }

  static let all = (0...2).flatMap { commits in
    [false, true].map { Death(commits: commits, isMade: $0) }
  }
}

/// T102, as far as a store can see it.
@Suite struct `A process that dies while a link is completed` {
  @Test(arguments: Death.all)
  func `leaves no account without its secret, no second one and no link that is stuck`(
    _ death: Death
  ) async throws {
    let world = World()
    let client = try await world.client()
    var request = client.approve(try await client.start())
    request.requestID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
    world.store.die(after: death.commits, isMade: death.isMade)
    _ = try? await client.complete(request)
    world.store.die(after: nil)

    let again = World(after: world)
    let retry = try await again.client()
    do throws(RPCError) {
      #expect(try await retry.complete(request).linked.state == .active)
    } catch {
      #expect(error.reason == "LINK_OUTCOME_UNKNOWN")
      #expect(error.message.contains("start a new one"))
      #expect(try await retry.list("profiles/-").isEmpty)
    }
    #expect(again.x.withPlatform { $0.calls[.accessToken] ?? 0 } <= 1)

    _ = try await retry.link()
    let accounts = try await retry.list("profiles/-")
    #expect(accounts.count == 1)
    // It has its secret: X accepts what is signed with it.
    #expect(try await retry.check(accounts[0].name).state == .active)
  }

  @Test(arguments: Death.all)
  func `leaves an account unlinked or not, but never a token that nobody will end`(
    _ death: Death
  ) async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    world.store.die(after: death.commits, isMade: death.isMade)
    _ = try? await client.unlink(name)
    world.store.die(after: nil)

    let again = World(after: world)
    let retry = try await again.client()
    _ = try await retry.unlink(name, allowMissing: true)
    again.time.advance(by: 120)
    _ = await again.upkeep.pass()
    #expect(try await retry.list("profiles/-").isEmpty)
    #expect(again.store.count(withPrefix: "revocation/") == 0)
    #expect(again.x.withPlatform { $0.revoke(screenName: "alice") } == 0)
  }
}
