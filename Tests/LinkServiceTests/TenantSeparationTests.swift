import FakeX
import LinkAPI
import LinkService
import Protobuf
import RPC
import Testing

/// What a text in a request says.
enum Meaning: Hashable {
  case account, keySet, profile, accountPage, keySetPage, place, startID
  case linkProfile, linkSecret, requestToken, verifier, state, code, pin, completionID
  /// Nothing that a tenant could have.
  case nothing
}

extension RequestField {
  /// What each text of each request says.
  ///
  /// One that is not here, or no longer in the schema, fails a test.
  static let meanings: [String: Meaning] = [
    "StartLink.parent": .profile, "StartLink.key_set": .keySet, "StartLink.request_id": .startID,
    "StartLink.keys.consumer_key": .nothing, "StartLink.keys.consumer_secret": .nothing,
    "StartLink.callback_url": .nothing, "StartLink.screen_name": .nothing,
    "StartLink.scopes": .nothing,
    "CompleteLink.parent": .linkProfile, "CompleteLink.link_secret": .linkSecret,
    "CompleteLink.grant.oauth_token": .requestToken, "CompleteLink.pin": .pin,
    "CompleteLink.grant.oauth_verifier": .verifier, "CompleteLink.denial.denied": .requestToken,
    "CompleteLink.code_grant.state": .state, "CompleteLink.code_grant.code": .code,
    "CompleteLink.request_id": .completionID,
    "ListAccounts.parent": .profile, "ListAccounts.page_token": .accountPage,
    "ValidateKeys.key_set": .keySet, "ValidateKeys.keys.consumer_key": .nothing,
    "ValidateKeys.keys.consumer_secret": .nothing, "ValidateKeys.callback_url": .nothing,
    "GetAccount.name": .account, "CheckAccount.name": .account, "UnlinkAccount.name": .account,
    "SignRequest.name": .account, "SignRequest.http_method": .nothing,
    "SignRequest.url": .nothing, "SignRequest.form_parameters.name": .nothing,
    "SignRequest.form_parameters.value": .nothing,
    "PutKeySet.name": .keySet, "PutKeySet.keys.consumer_key": .nothing,
    "PutKeySet.keys.consumer_secret": .nothing, "ListKeySets.parent": .profile,
    "ListKeySets.page_token": .keySetPage, "DeleteKeySet.name": .keySet,
    "WatchAccounts.parent": .profile, "WatchAccounts.resume_token": .place,
  ]

  var meaning: Meaning { Self.meanings[path] ?? .nothing }

  /// The texts that name something which a tenant could have; a schema that cannot be read fails the
  /// test that none is left out.
  static let names = ((try? all) ?? []).filter { $0.meaning != .nothing }
}

/// What a call came to, as far as its caller can tell.
enum Told: Equatable {
  /// It was answered, at this length: no two answers have the same secrets in them.
  case answer(bytes: Int)
  case refusal(StatusCode, String, [ProtoAny])
}

/// Everything that one tenant has, and another one who has learnt the names of all of it.
struct Trespass: Sendable {
  private static let grantID = "5b8c1d9e-6f3a-4a64-9d7e-0c7f0a3b2e11"
  let world = World()
  let owner: Client
  let stranger: Client
  let account: String
  private let texts: [Meaning: String]
  private let completion: CompleteLinkRequest
  private let codeCompletion: CompleteLinkRequest
  private let pinCompletion: CompleteLinkRequest

  init() async throws {
    let scopes: Set<TokenScope> = [.read, .link, .sign]
    owner = try await world.client(tenant: "acme", scopes: scopes)
    stranger = try await world.client(tenant: "other", scopes: scopes)
    for name in ["keySets/main", "keySets/second"] { _ = try await owner.put(name) }
    _ = try await owner.put("profiles/ann/keySets/own")
    account = try await owner.link(as: "alice").linked.name
    _ = try await owner.link(as: "bob")
    var start = StartLinkRequest.good
    start.requestID = Self.grantID
    var done = owner.approve(try await owner.start(start))
    done.requestID = Self.grantID
    completion = done
    codeCompletion = owner.approveCode(try await owner.start(.code()))
    start = .good
    start.returnMethod = .pin(PinEntry())
    var typed = done
    (typed.linkSecret, typed.outcome) = (try await owner.start(start).linkSecret, .pin("1234567"))
    pinCompletion = typed
    texts = try await Self.texts(of: owner, account, completion, codeCompletion)
  }

  private static func texts(
    of owner: Client, _ account: String, _ completion: CompleteLinkRequest,
    _ code: CompleteLinkRequest
  ) async throws -> [Meaning: String] {
    var accounts = ListAccountsRequest()
    (accounts.parent, accounts.pageSize) = ("profiles/-", 1)
    var sets = ListKeySetsRequest()
    sets.pageSize = 1
    let watcher = Watcher()
    await watcher.begin(owner, "profiles/-")
    let place = await watcher.first(3).last?.resumeToken ?? ""
    _ = await watcher.end()
    let texts: [Meaning: String] = [
      .account: account, .keySet: "keySets/main", .profile: "profiles/ann",
      .accountPage: try await owner.list(accounts).nextPageToken,
      .keySetPage: try await owner.rpc.listKeySets(sets, options: owner.options).nextPageToken,
      .place: place, .startID: grantID, .completionID: grantID, .linkProfile: "profiles/ann",
      .linkSecret: completion.linkSecret, .requestToken: completion.grant?.oauthToken ?? "",
      .verifier: completion.grant?.oauthVerifier ?? "", .pin: "1234567",
      .state: code.codeGrant?.state ?? "", .code: code.codeGrant?.code ?? "",
    ]
    try #require(texts.values.allSatisfy { !$0.isEmpty })
    return texts
  }

  /// What the owner's own name is for this field, and one of the same form that nobody has.
  func names(for field: RequestField) -> (real: String, random: String) {
    let real = texts[field.meaning] ?? ""
    // Letters and digits that mean something stay: `profiles/`, `keySets/` and what is between.
    let start = real.lastIndex(of: "/").map { real.index(after: $0) } ?? real.startIndex
    let random = real[start...].map { character in
      character.isHexDigit || character.isLetter
        ? "0123456789abcdef".randomElement() ?? "0" : character
    }
    return (real, real[..<start] + String(random))
  }

  /// What the stranger is told who puts this text into an otherwise good request.
  func told(_ field: RequestField, _ text: String) async throws -> Told {
    let request = try Empty(serialized: field.put(text, into: try base(of: field)))
    let method = MethodDescriptor<Empty, Empty>(
      service: "link.v1.LinkService", method: field.method, kind: field.kind)
    do throws(RPCError) {
      let answer = try await answer(to: method, request)
      return .answer(bytes: answer)
    } catch { return .refusal(error.code, error.message, error.details) }
  }

  private func answer(
    to method: MethodDescriptor<Empty, Empty>, _ request: Empty
  ) async throws(RPCError) -> Int {
    guard method.kind == .serverStreaming else {
      return Self.size(try await world.channel.unary(method, request, stranger.options))
    }
    let stream = try await world.channel.serverStreaming(method, request, stranger.options)
    defer { stream.cancel() }
    for try await answer in stream { return Self.size(answer) }
    return 0
  }

  private static func size(_ message: Empty) -> Int { (try? message.serialized().count) ?? -1 }
}

extension Trespass {
  /// A request that has nothing wrong with it but what is put into it.
  private func base(of field: RequestField) throws -> [UInt8] {
    switch field.method {
    case "StartLink": return try StartLinkRequest.good.serialized()
    case "CompleteLink": return try completion(for: field).serialized()
    case "ValidateKeys":
      var request = ValidateKeysRequest()
      (request.provider, request.returnMethod) = (.x, .pin(PinEntry()))
      return try request.serialized()
    case "ListAccounts":
      var request = ListAccountsRequest()
      (request.parent, request.pageSize) = ("profiles/-", 1)
      return try request.serialized()
    case "SignRequest":
      var request = SignRequestRequest()
      (request.httpMethod, request.url) = ("GET", ScriptedX.origin + "/2/users/me")
      return try request.serialized()
    case "PutKeySet":
      var request = PutKeySetRequest()
      (request.provider, request.keys, request.replacesVersion) = (.x, ConsumerKeys(.good), 1)
      return try request.serialized()
    case "ListKeySets":
      var request = ListKeySetsRequest()
      request.pageSize = 1
      return try request.serialized()
    case "WatchAccounts":
      var request = WatchAccountsRequest()
      request.parent = "profiles/-"
      return try request.serialized()
    default: return []
    }
  }

  /// The owner's own completion, all of it.
  private func completion(for field: RequestField) -> CompleteLinkRequest {
    switch field.meaning {
    case .state, .code: return codeCompletion
    case .pin: return pinCompletion
    default: return completion
    }
  }
}

@Suite struct `What is another tenant's` {
  @Test func `no text of a request is left out of what follows`() throws {
    #expect(try Set(RequestField.all.map(\.path)) == Set(RequestField.meanings.keys))
    // Only the operator's own token names tenants.
    #expect(AdminServiceMethods.scopes.values.allSatisfy { $0 == .admin })
  }

  // T115
  @Test(arguments: RequestField.names)
  func `answers like what nobody has`(_ field: RequestField) async throws {
    let trespass = try await Trespass()
    let (real, random) = trespass.names(for: field)
    #expect(real != random && real.utf8.count == random.utf8.count)
    let told = try await trespass.told(field, real)
    #expect(try await trespass.told(field, random) == told)
    // Whose name is a mere name is answered; everything else is refused.
    switch field.meaning {
    case .profile, .startID: #expect(told.isAnswer, "\(told)")
    case .account, .keySet: #expect(told.code == .notFound, "\(told)")
    case .accountPage, .keySetPage, .place: #expect(told.code == .invalidArgument, "\(told)")
    default: #expect(told.code == .notFound, "\(told)")
    }
    #expect(try await trespass.owner.list("profiles/-").count == 2)
    #expect(try await trespass.owner.keySets("").count == 2)
    #expect(try await trespass.owner.check(trespass.account).state == .active)
  }
}

extension Told {
  fileprivate var isAnswer: Bool { code == nil }

  /// The code of a refusal.
  var code: StatusCode? { if case .refusal(let code, _, _) = self { code } else { nil } }
}
