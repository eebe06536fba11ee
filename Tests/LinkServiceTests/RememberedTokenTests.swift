import LinkAPI
import LinkService
import Protobuf
import RPC
import Store
import Synchronization
import Testing

/// What `Authenticator` remembers of a connection never lets anybody in that the store would not.
@Suite struct `Remembered tokens` {
  private let world = World()
  private let connection = Connection()

  private func token(_ tenant: String = "acme") async throws -> AccessToken {
    try await TokenIssuer(store: world.store, clock: world.time.clock)
      .issue(tenant: tenant, scopes: [.read])
  }

  /// Whether a call with this token is let in on the connection.
  private func lets(_ token: String, in authenticator: Authenticator) async -> Bool {
    do {
      try await authenticator.pass(context(token)) { _ in }
      return true
    } catch { return false }
  }

  private var authenticator: Authenticator {
    Authenticator(store: world.store, clock: world.time.clock)
  }

  @Test func `one that comes again is remembered`() async throws {
    let token = try await token().text
    #expect(await lets(token, in: authenticator))
    let first = connection.kept
    #expect(first != nil)
    #expect(await lets(token, in: authenticator))
    #expect(connection.kept == first)
  }

  @Test func `one that is revoked meanwhile is refused at the next call`() async throws {
    let made = try await world.make(.read, expiring: nil)
    #expect(await lets(made.text, in: authenticator))
    try await world.revoke(made.token?.name ?? "")
    #expect(await !lets(made.text, in: authenticator))
  }

  @Test func `one that runs out meanwhile is refused at the next call`() async throws {
    let made = try await world.make(.read, expiring: world.time.now + 60)
    #expect(await lets(made.text, in: authenticator))
    world.time.advance(by: 59)
    #expect(await lets(made.text, in: authenticator))
    world.time.advance(by: 1)
    #expect(await !lets(made.text, in: authenticator))
  }

  @Test func `one that is almost it is refused, and forgets nothing`() async throws {
    let token = try await token().text
    #expect(await lets(token, in: authenticator))
    let first = connection.kept
    for place in [0, 7, 30, token.utf8.count - 1] {
      var other = Array(token.utf8)
      other[place] ^= 1
      #expect(await !lets(String(decoding: other, as: UTF8.self), in: authenticator))
    }
    #expect(await !lets(token + "0", in: authenticator))
    #expect(connection.kept == first)
  }

  @Test func `two on one connection speak for their own tenants`() async throws {
    _ = try await world.client(tenant: "acme").link()
    let (acme, other) = (try await token("acme").text, try await token("other").text)
    for (token, count) in [(acme, 1), (other, 0), (other, 0), (acme, 1)] {
      let context = context(token)
      let service = world.service
      try await authenticator.pass(context) { context in
        var request = ListAccountsRequest()
        request.parent = "profiles/-"
        let answer = try await service.listAccounts(request, context: context)
        #expect(answer.accounts.count == count)
      }
    }
  }

  @Test func `over a store that takes time, all of it is examined anew, and accounts are listed`()
    async throws
  {
    _ = try await world.client(tenant: "acme").link()
    let distant = Distant(store: world.store)
    let authenticator = Authenticator(store: distant, clock: world.time.clock)
    let service = LinkingService(
      store: distant, transport: world.x, clock: world.time.clock)
    let token = try await token("acme").text
    for _ in 0..<2 {
      #expect(await lets(token, in: authenticator))
      #expect(await !lets(token + "0", in: authenticator))
    }
    let channel = InProcessChannel([service], interceptors: [authenticator])
    var request = ListAccountsRequest()
    request.parent = "profiles/-"
    let options = CallOptions(metadata: ["authorization": .text("Bearer \(token)")])
    let answer = try await LinkServiceClient(channel).listAccounts(request, options: options)
    #expect(answer.accounts.count == 1)
  }

  private func context(_ token: String) -> ServerContext {
    ServerContext(
      path: "/link.v1.LinkService/ListAccounts", peer: Peer(connection),
      metadata: ["authorization": .text("Bearer \(token)")])
  }
}

/// A connection, as far as an interceptor knows it.
private final class Connection: PeerSource {
  let peerAddress = "192.0.2.7:1"
  let peerCertificate: PeerCertificate? = nil
  private let value = Mutex<(any AnyObject & Sendable)?>(nil)
  var kept: ObjectIdentifier? { note.map(ObjectIdentifier.init) }
  var note: (any AnyObject & Sendable)? {
    get { value.withLock(\.self) }
    set { value.withLock { $0 = newValue } }
  }
}

/// A store that has nothing at hand.
private struct Distant: RecordStore {
  let store: any RecordStore

  func entry(for key: Key) async throws(StoreError) -> Entry? {
    await Task.yield()
    return try await store.entry(for: key)
  }

  func page(
    under prefix: Key, after key: Key?, limit: Int
  ) async throws(StoreError) -> [(key: Key, entry: Entry)] {
    await Task.yield()
    return try await store.page(under: prefix, after: key, limit: limit)
  }

  func commit(_ batch: Batch) async throws(StoreError) -> UInt64 { try await store.commit(batch) }
  func eraseReplaced() async throws(StoreError) { try await store.eraseReplaced() }
}
