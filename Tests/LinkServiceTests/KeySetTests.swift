import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Testing

@Suite struct `Key sets` {
  static let own = "keySets/main"
  static let ann = "profiles/ann/keySets/main"

  @Test func `only a hint of the keys is ever shown`() async throws {
    let client = try await World().client()
    let put = try await client.put(Self.own)
    #expect(put.name == Self.own)
    #expect(put.version == 1)
    #expect(put.consumerKeyHint == "…" + App.good.key.suffix(4))
    #expect(try await client.keySets("") == [put])
    let shown = "\(try await client.keySets(""))"
    #expect(!shown.contains(App.good.key) && !shown.contains(App.good.secret))
  }

  @Test func `a short key shows next to nothing`() async throws {
    let client = try await World().client()
    var app = App.good
    app.key = "abcdefg"
    #expect(try await client.put(Self.own, app).consumerKeyHint == "…g")
  }

  @Test func `the same pair again changes nothing, another one is the next version`() async throws {
    let world = World()
    let client = try await world.client()
    let first = try await client.put(Self.own)
    world.time.advance(by: 60)
    #expect(try await client.put(Self.own) == first)
    let second = try await client.put(Self.own, .pinOnly)
    #expect(second.version == 2)
    #expect(second.createTime == first.createTime)
    #expect(second.updateTime != first.updateTime)
  }

  @Test func `a pair that was not seen is not replaced`() async throws {
    let client = try await World().client()
    _ = try await client.put(Self.own)
    _ = try await client.put(Self.own, .pinOnly, replacing: 1)
    let late = try await error { () throws(RPCError) in
      try await client.put(Self.own, .suspended, replacing: 1)
    }
    #expect(late.code == .aborted)
    #expect(late.reason == "KEY_SET_CHANGED")
    #expect(late.details(of: ErrorInfo.self).first?.metadata["version"] == "2")
    let missing = try await error { () throws(RPCError) in
      try await client.put(Self.ann, .good, replacing: 1)
    }
    #expect(missing.reason == "KEY_SET_NOT_FOUND")
  }

  @Test func `the tenant's own, a profile's and all profiles' are listed apart`() async throws {
    let client = try await World().client()
    let names = [
      "keySets/a", "keySets/b", "profiles/+/keySets/x", "profiles/ann/keySets/a",
      "profiles/ann/keySets/b", "profiles/ann-b/keySets/a",
    ]
    for name in names { _ = try await client.put(name) }
    #expect(try await client.keySets("").map(\.name) == Array(names[..<2]))
    #expect(try await client.keySets("profiles/ann").map(\.name) == Array(names[3...4]))
    let all = try await client.keySets("profiles/-").map(\.name)
    #expect(Set(all) == Set(names[2...]))
    #expect(try await client.keySets("profiles/-", pageSize: 1).map(\.name) == all)
  }

  @Test func `links and examinations take them by name`() async throws {
    let client = try await World().client()
    _ = try await client.put(Self.own)
    let linked = try await client.complete(
      client.approve(try await client.start(.with(keySet: Self.own)))
    ).linked
    #expect(linked.keySet == Self.own)
    var question = ValidateKeysRequest()
    question.provider = .x
    question.keySource = .keySet(Self.own)
    question.returnMethod = .callbackURL(App.builtInCallback)
    #expect(
      try await client.rpc.validateKeys(question, options: client.options).verdict == .usable)
  }

  @Test(arguments: ["keySets/other", "profiles/ben/keySets/main"])
  func `one that is not there, or another profile's, cannot be used`(_ name: String) async throws {
    let world = World()
    let client = try await world.client()
    _ = try await client.put("profiles/ben/keySets/main")
    _ = try await world.client(tenant: "other").put("keySets/other")
    let error = try await error { () throws(RPCError) in
      try await client.start(.with(keySet: name))
    }
    #expect(error.code == .notFound)
    #expect(error.reason == "KEY_SET_NOT_FOUND")
  }

  @Test(arguments: [true, false])
  func `a link finishes with the pair that began it`(_ isDeleted: Bool) async throws {
    let world = World()
    let client = try await world.client()
    _ = try await client.put(Self.own)
    let completion = client.approve(try await client.start(.with(keySet: Self.own)))
    if isDeleted {
      try await client.delete(Self.own)
    } else {
      _ = try await client.put(Self.own, .suspended)
    }
    let linked = try await client.complete(completion).linked
    #expect(try await client.check(linked.name).state == .active)
  }

  @Test func `an account takes up the new pair when X refuses the old one`() async throws {
    let world = World()
    let client = try await world.client()
    _ = try await client.put(Self.own)
    let name = try await client.complete(
      client.approve(try await client.start(.with(keySet: Self.own)))
    ).linked.name
    // The secret is made anew in X's console.
    world.x.withPlatform { $0.configuration.apps[0].secret = "another" }
    #expect(try await client.check(name).state == .reauthRequired)
    var app = App.good
    app.secret = "another"
    _ = try await client.put(Self.own, app)
    #expect(try await client.check(name).state == .active)
    let calls = world.x.withPlatform { $0.calls[.verifyCredentials] }
    #expect(try await client.check(name).state == .active)
    // The new pair is the account's own now: it was asked once.
    #expect(world.x.withPlatform { $0.calls[.verifyCredentials] } == calls.map { $0 + 1 })
  }

  // T126.
  @Test func `one that is deleted is gone, from the disk, too`() async throws {
    let world = World()
    let client = try await world.client()
    _ = try await client.put(Self.own)
    try await client.delete(Self.own)
    #expect(world.store.erasures == 1)
    #expect(try await client.keySets("").isEmpty)
    let error = try await error { () throws(RPCError) in try await client.delete(Self.own) }
    #expect(error.reason == "KEY_SET_NOT_FOUND")
    try await client.delete(Self.own, allowMissing: true)
  }

  @Test func `a tenant has so many key sets and no more, and may change those it has`()
    async throws
  {
    var limits = LinkLimits()
    limits.keySetsPerTenant = 5
    let world = World(limits: limits)
    let client = try await world.client()
    let made = await withTaskGroup { group in
      for index in 0..<20 {
        let name = (index % 2 == 0 ? "" : "profiles/ann/") + "keySets/k\(index)"
        group.addTask { try? await client.put(name).name }
      }
      return await group.reduce(into: [String]()) { $0 += $1.map { [$0] } ?? [] }
    }
    #expect(made.count == 5)
    let error = try await error { () throws(RPCError) in try await client.put("keySets/new") }
    #expect(error.code == .resourceExhausted)
    #expect(error.reason == "TOO_MANY_KEY_SETS")
    #expect(error.details(of: ErrorInfo.self).first?.metadata["limit"] == "5")
    let name = try #require(made.first)
    #expect(try await client.put(name, .pinOnly).version == 2)
    _ = try await world.client(tenant: "other").put("keySets/new")
    try await client.delete(name)
    _ = try await client.put("keySets/new")
  }

  @Test(arguments: ["", "main", "keySets/", "keySets/-", "profiles/-/keySets/a", "keySets/a/b"])
  func `must have names`(_ name: String) async throws {
    let client = try await World().client()
    let error = try await error { () throws(RPCError) in try await client.put(name) }
    #expect(error.code == .invalidArgument)
  }
}

extension StartLinkRequest {
  fileprivate static func with(keySet: String) -> StartLinkRequest {
    var request = good
    request.keySource = .keySet(keySet)
    return request
  }
}

extension Client {
  func put(
    _ name: String, _ app: App = .good, replacing version: Int64 = 0
  ) async throws(RPCError) -> KeySet {
    var request = PutKeySetRequest()
    request.name = name
    request.provider = .x
    request.keys = ConsumerKeys(app)
    request.replacesVersion = version
    return try await rpc.putKeySet(request, options: options).keySet ?? KeySet()
  }

  /// All key sets, however many pages that takes.
  func keySets(_ parent: String, pageSize: Int32 = 0) async throws(RPCError) -> [KeySet] {
    var request = ListKeySetsRequest()
    request.parent = parent
    request.pageSize = pageSize
    var found: [KeySet] = []
    repeat {
      let response = try await rpc.listKeySets(request, options: options)
      found += response.keySets
      request.pageToken = response.nextPageToken
    } while !request.pageToken.isEmpty && found.count < 100
    return found
  }

  func delete(_ name: String, allowMissing: Bool = false) async throws(RPCError) {
    var request = DeleteKeySetRequest()
    request.name = name
    request.allowMissing = allowMissing
    _ = try await rpc.deleteKeySet(request, options: options)
  }
}
