import FakeX
import LinkAPI
import LinkService
import OAuth
import Protobuf
import RPC
import Store
import Synchronization
import Testing

/// The service with all that is around it, in one process: a store without a disk, X without a
/// network, and a clock that stands still until it is told to go on.
final class World: Sendable {
  let time: TestTime
  let store: MemoryStore
  let x: ScriptedX
  let service: LinkingService
  let trail = TestTrail()
  var upkeep: Upkeep { Upkeep(service) }
  let channel: InProcessChannel
  /// The token that tests administer with, once one has asked for it.
  let administrator = Mutex<String?>(nil)

  /// A world, or the one that `earlier` becomes when the process is started again.
  init(
    after earlier: World? = nil, limits: LinkLimits = LinkLimits(),
    interceptors: [any ServerInterceptor] = []
  ) {
    let time = earlier?.time ?? TestTime()
    self.time = time
    store = earlier?.store ?? MemoryStore()
    x = earlier?.x ?? ScriptedX { time.now }
    service = LinkingService(
      store: store, transport: x, provider: .x.at(origin: ScriptedX.origin), limits: limits,
      clock: time.clock,
      trail: trail)
    channel = InProcessChannel(
      [
        service,
        AdministrationService(
          store: store, clock: time.clock, trail: trail,
          credentialsChanged: service.recheckWatchers),
      ],
      interceptors: [Authenticator(store: store, clock: time.clock, trail: trail)] + interceptors)
  }

  /// A client with a token of its own.
  func client(
    tenant: String = "acme", scopes: Set<TokenScope> = [.read, .link]
  ) async throws -> Client {
    let token = try await TokenIssuer(store: store, clock: time.clock)
      .issue(tenant: tenant, scopes: scopes)
    return client(authorization: ["Bearer \(token.text)"])
  }

  /// A client that sends these `authorization` headers.
  func client(authorization: [String]) -> Client {
    var metadata = Metadata()
    for value in authorization { metadata.append(value, for: "authorization") }
    return Client(
      rpc: LinkServiceClient(channel), options: CallOptions(metadata: metadata), x: x)
  }
}

/// A clock that tests set.
final class TestTime: Sendable {
  private let seconds = Mutex<Int64>(1_800_000_000)

  var now: Int64 { seconds.withLock(\.self) }
  var clock: WallClock { WallClock { Timestamp(seconds: self.now) } }
  func advance(by count: Int64) { seconds.withLock { $0 += count } }
  func set(to time: Int64) { seconds.withLock { $0 = time } }
}

/// A caller of the service, and the browser of its users.
struct Client: Sendable {
  let rpc: LinkServiceClient
  let options: CallOptions
  let x: ScriptedX

  func start(_ request: StartLinkRequest = .good) async throws(RPCError) -> StartLinkResponse {
    try await rpc.startLink(request, options: options)
  }

  func complete(
    _ request: CompleteLinkRequest
  ) async throws(RPCError) -> CompleteLinkResponse {
    try await rpc.completeLink(request, options: options)
  }

  func list(_ request: ListAccountsRequest) async throws(RPCError) -> ListAccountsResponse {
    try await rpc.listAccounts(request, options: options)
  }

  func list(_ parent: String) async throws(RPCError) -> [Account] {
    var request = ListAccountsRequest()
    request.parent = parent
    return try await list(request).accounts
  }

  func get(_ name: String) async throws(RPCError) -> Account {
    var request = GetAccountRequest()
    request.name = name
    return try await rpc.getAccount(request, options: options).account ?? Account()
  }

  func check(_ name: String, maxAge: Int64 = 0) async throws(RPCError) -> Account {
    var request = CheckAccountRequest()
    request.name = name
    request.maxAge = ProtoDuration(.seconds(maxAge))
    return try await rpc.checkAccount(request, options: options).account ?? Account()
  }

  func unlink(
    _ name: String, allowMissing: Bool = false
  ) async throws(RPCError) -> TokenRevocation {
    var request = UnlinkAccountRequest()
    request.name = name
    request.allowMissing = allowMissing
    return try await rpc.unlinkAccount(request, options: options).revocation
  }

  /// Links an account from beginning to end.
  func link(
    _ parent: String = "profiles/ann", as user: String = "alice"
  ) async throws(RPCError) -> CompleteLinkResponse {
    var request = StartLinkRequest.good
    request.parent = parent
    request.accountSharing = .allow
    return try await complete(approve(try await start(request), parent, as: user))
  }

  /// Goes to the consent page, agrees, and takes what comes back.
  func approve(
    _ started: StartLinkResponse, _ parent: String = "profiles/ann", as user: String = "alice"
  ) -> CompleteLinkRequest {
    let answer = x.visit(started.authorizeURL + "&auto=approve&user=\(user)")
    let callback = answer.headers.first(named: "Location") ?? ""
    var request = CompleteLinkRequest()
    request.parent = parent
    request.linkSecret = started.linkSecret
    var grant = CallbackGrant()
    grant.oauthToken = value(of: "oauth_token", in: callback)
    grant.oauthVerifier = value(of: "oauth_verifier", in: callback)
    request.outcome = .grant(grant)
    return request
  }

  func value(of name: String, in url: String) -> String {
    let query = url.split(separator: "?", maxSplits: 1).last ?? ""
    let pairs = query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
    return pairs.first { $0.first == name[...] }.flatMap(\.last).map(String.init) ?? ""
  }
}

extension StartLinkRequest {
  /// What begins a link with an app that has nothing wrong with it.
  static var good: StartLinkRequest {
    var request = StartLinkRequest()
    request.parent = "profiles/ann"
    request.provider = .x
    request.keySource = .keys(ConsumerKeys(.good))
    request.returnMethod = .callbackURL(App.builtInCallback)
    return request
  }
}

extension CompleteLinkResponse {
  /// The account, which is always there.
  var linked: Account { account ?? Account() }
}

extension ConsumerKeys {
  init(_ app: App) {
    self.init()
    consumerKey = app.key
    consumerSecret = app.secret
  }
}

extension RPCError {
  /// The reason, and who is to act, as programs read them.
  var reason: String { details(of: ErrorInfo.self).first?.reason ?? "none" }
  var actor: String { details(of: ErrorInfo.self).first?.metadata["actor"] ?? "none" }
}

/// The error of a call that must fail.
func error<Value>(
  _ body: () async throws(RPCError) -> Value, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> RPCError {
  do throws(RPCError) {
    _ = try await body()
  } catch { return error }
  Issue.record("the call succeeded", sourceLocation: sourceLocation)
  throw CancellationError()
}
