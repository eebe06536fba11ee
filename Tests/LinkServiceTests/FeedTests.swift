import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Testing

/// One stream, as its caller sees it.
actor Watcher {
  private var received: [WatchAccountsResponse] = []
  private var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
  private var stream: Task<RPCError?, Never>?

  func begin(_ client: Client, _ parent: String, resume: String = "") {
    var request = WatchAccountsRequest()
    request.parent = parent
    request.resumeToken = resume
    stream = Task { [request] () async -> RPCError? in
      do throws(RPCError) {
        for try await response in try await client.rpc.watchAccounts(
          request, options: client.options)
        { take(response) }
        return nil
      } catch { return error }
    }
  }

  private func take(_ response: WatchAccountsResponse) {
    received.append(response)
    if let waiting, received.count >= waiting.count {
      self.waiting = nil
      waiting.continuation.resume()
    }
  }

  /// Waits for so many answers, and returns them all.
  func first(_ count: Int) async -> [WatchAccountsResponse] {
    if received.count < count {
      await withCheckedContinuation { waiting = (count, $0) }
    }
    return received
  }

  /// Ends the stream.
  func end() async -> RPCError? {
    stream?.cancel()
    return await stream?.value
  }

  /// How a stream ends that cannot go on; a test whose time is up ends it.
  func failure() async -> RPCError? {
    guard let stream else { return nil }
    return await withTaskCancellationHandler {
      await stream.value
    } onCancel: {
      stream.cancel()
    }
  }
}

extension [WatchAccountsResponse] {
  fileprivate var kinds: [AccountEventKind?] { map { $0.event?.kind } }
}

@Suite struct `Watching accounts` {
  @Test func `a stream begins with what is there and goes on with what happens`() async throws {
    let world = World()
    let client = try await world.client()
    let alice = try await client.link(as: "alice").linked
    let watcher = Watcher()
    await watcher.begin(client, "profiles/-")
    _ = await watcher.first(2)
    let bob = try await client.link(as: "bob").linked
    _ = try await client.link(as: "alice")
    world.x.withPlatform { _ = $0.revoke(screenName: "bob") }
    _ = try await client.check(bob.name)
    _ = try await client.unlink(alice.name)
    let told = await watcher.first(6)
    #expect(told.kinds == [.existing, nil, .linked, .relinked, .stateChanged, .unlinked])
    #expect(
      told.compactMap(\.event?.account?.name)
        == [alice.name, bob.name, alice.name, bob.name, alice.name])
    #expect(told[4].event?.account?.state == .revoked)
    #expect(await watcher.end()?.code == .cancelled)
  }

  @Test func `a check that finds nothing new is no event`() async throws {
    let world = World()
    let client = try await world.client()
    let name = try await client.link().linked.name
    _ = try await client.check(name)
    let events = world.store.count(withPrefix: "event/")
    world.time.advance(by: 60)
    _ = try await client.check(name)
    #expect(world.store.count(withPrefix: "event/") == events)
  }

  @Test func `no event is missed over any number of reconnects`() async throws {
    let world = World()
    let client = try await world.client()
    let first = Watcher()
    await first.begin(client, "profiles/-")
    var resume = try #require(await first.first(1).last?.resumeToken)
    _ = await first.end()
    var told: [AccountEvent] = []
    var expected: [String] = []
    for round in 0..<12 {
      for index in 0..<(round % 4) {
        let name = try await client.link("profiles/p\(round)-\(index)").linked.name
        expected.append("linked \(name)")
        if index == 1 {
          _ = try await client.unlink(name)
          expected.append("unlinked \(name)")
        }
      }
      let watcher = Watcher()
      // Every third time by another process.
      let watching = round % 3 == 0 ? try await World(after: world).client() : client
      await watcher.begin(watching, "profiles/-", resume: resume)
      let responses = await watcher.first(expected.count - told.count)
      _ = await watcher.end()
      told += responses.compactMap(\.event)
      resume = responses.last?.resumeToken ?? resume
    }
    #expect(told.map { "\($0.kind.shortName.lowercased()) \($0.account?.name ?? "")" } == expected)
  }

  @Test func `of fifty links at once every one is told once`() async throws {
    let world = World()
    let client = try await world.client()
    let watcher = Watcher()
    await watcher.begin(client, "profiles/-")
    _ = await watcher.first(1)
    await withTaskGroup { group in
      for index in 0..<50 { group.addTask { _ = try? await client.link("profiles/p\(index)") } }
    }
    let names = await watcher.first(51).compactMap(\.event?.account?.name)
    #expect(Set(names).count == 50 && names.count == 50)
    #expect(try await client.list("profiles/-").count == 50)
    _ = await watcher.end()
  }

  @Test func `a profile's stream tells of that profile, and comes forward without events`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    let watcher = Watcher()
    await watcher.begin(client, "profiles/ann")
    let start = try #require(await watcher.first(1).last?.resumeToken)
    for _ in 0..<256 { _ = try await client.link("profiles/ann-b") }
    let bookmark = try #require(await watcher.first(2).last)
    #expect(bookmark.event == nil && bookmark.resumeToken != start)
    _ = try await client.link("profiles/ann")
    #expect(await watcher.first(3).last?.event?.account?.name.hasPrefix("profiles/ann/") == true)
    _ = await watcher.end()
  }

  @Test(arguments: ["00", "zz", "other parent", "other tenant"])
  func `a token that is not of this stream is refused`(_ kind: String) async throws {
    let world = World()
    let client = try await world.client()
    let first = Watcher()
    let owner = kind == "other tenant" ? try await world.client(tenant: "other") : client
    await first.begin(owner, "profiles/-")
    let token = try #require(await first.first(1).last?.resumeToken)
    _ = await first.end()
    let watcher = Watcher()
    await watcher.begin(
      client, kind == "other parent" ? "profiles/ann" : "profiles/-",
      resume: kind.hasPrefix("other") ? token : kind)
    #expect(await watcher.failure()?.code == .invalidArgument)
  }

  @Test func `a token from before a restore, or from before what is kept, is refused`()
    async throws
  {
    var limits = LinkLimits()
    limits.feedLength = 20
    let world = World(limits: limits)
    let client = try await world.client()
    _ = try await client.link()
    let watcher = Watcher()
    await watcher.begin(client, "profiles/-")
    let resume = try #require(await watcher.first(2).last?.resumeToken)
    _ = await watcher.end()
    // Another store knows another feed.
    let other = World()
    let stranger = try await other.client()
    _ = try await stranger.link()
    for (isOwn, watching) in [(false, stranger), (true, client)] {
      if isOwn {
        // The feed goes on past its length.
        for _ in 0..<21 { _ = try await client.link() }
        #expect(world.store.count(withPrefix: "event/") == 20)
      }
      let late = Watcher()
      await late.begin(watching, "profiles/-", resume: resume)
      let error = await late.failure()
      #expect(error?.code == .outOfRange)
      #expect(error?.reason == "RESUME_TOKEN_EXPIRED")
    }
  }

  /// Links so many accounts and returns the place after each, the one before them first.
  private func places(_ client: Client, _ count: Int) async throws -> [String] {
    let watcher = Watcher()
    await watcher.begin(client, "profiles/-")
    let existing = await watcher.first(1).count { $0.event != nil }
    _ = await watcher.first(existing + 1)
    for index in 0..<count { _ = try await client.link("profiles/p\(index)") }
    let told = await watcher.first(existing + 1 + count)
    _ = await watcher.end()
    return told.suffix(count + 1).map(\.resumeToken)
  }

  @Test func `a token of events that a restore took away is refused, whatever came instead`()
    async throws
  {
    let world = World()
    let client = try await world.client()
    _ = try await client.link("profiles/before")
    let backup = world.store.entries
    let tokens = try await places(client, 4)
    // Less than there was, as much, and more.
    for count in [3, 4, 6] {
      world.store.entries = backup
      let next = try await World(after: world).client()
      for _ in 0..<count { _ = try await next.link("profiles/other") }
      for (place, token) in tokens.enumerated() {
        let watcher = Watcher()
        await watcher.begin(next, "profiles/-", resume: token)
        if place == 0 {
          #expect(await watcher.first(count).count == count)
          _ = await watcher.end()
        } else {
          let error = await watcher.failure()
          #expect(error?.code == .outOfRange, "\(count) events instead, place \(place)")
          #expect(error?.reason == "RESUME_TOKEN_EXPIRED")
        }
      }
    }
  }

  @Test func `tokens and records of before events had ids go on as they did`() async throws {
    let world = World()
    let client = try await world.client()
    let tokens = try await places(client, 4)
    // The ids are the last field of each: ten bytes, twenty in text.
    let old = tokens.map { String($0.dropLast(20)) }
    #expect(Set(tokens.dropFirst().map(\.utf8.count)) == [(old.last?.utf8.count ?? 0) + 20])
    let kept = world.store.entries
    for isOld in [false, true] {
      world.store.entries = kept.mapValues { $0 }
      if isOld {
        for (key, entry) in kept where key.hasPrefix("event/") || key.hasPrefix("feed/") {
          world.store.entries[key] = Entry(value: entry.value.dropLast(10), version: entry.version)
        }
      }
      for (place, token) in (isOld ? tokens : old).enumerated().dropFirst() {
        let watcher = Watcher()
        await watcher.begin(client, "profiles/-", resume: token)
        if place < 4 { #expect(await watcher.first(4 - place).count == 4 - place) }
        #expect(await watcher.end()?.code == .cancelled)
      }
    }
  }

  @Test func `a tenant has a hundred streams at most, and may open one for one that ended`()
    async throws
  {
    let client = try await World().client()
    var watchers: [Watcher] = []
    for _ in 0..<100 {
      let watcher = Watcher()
      await watcher.begin(client, "profiles/-")
      _ = await watcher.first(1)
      watchers.append(watcher)
    }
    let refused = Watcher()
    await refused.begin(client, "profiles/-")
    let error = await refused.failure()
    #expect(error?.code == .resourceExhausted)
    #expect(error?.reason == "ASKED_TOO_OFTEN")
    _ = await watchers.removeLast().end()
    let next = Watcher()
    await next.begin(client, "profiles/-")
    #expect(await next.first(1).count == 1)
    for watcher in watchers + [next] { _ = await watcher.end() }
  }
}
