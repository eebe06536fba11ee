public import LinkAPI
public import OAuth
internal import Protobuf
public import RPC

/// Answers `link.v1.LinkService`, whose schema says what each method promises.
///
/// Keeps nothing of its own but completions under way: all state is in the store. So any number of
/// calls may run at once, and a restart between two calls changes nothing.
public final class LinkingService: LinkServiceProtocol {
  let records: Records
  let x: XClient
  let limits: LinkLimits
  let clock: WallClock
  let trail: any AuditTrail
  let ledger: AccountLedger
  let examinations = ExaminationMemory()
  let accountPages = AccountPages()
  let completions = Completions()
  let keySetTurns = Turns()
  let renewals = TokenRenewals()

  /// A service over a store, which asks X through `transport`; `provider` says where X is.
  ///
  /// Callers' deeds are written down in `trail` before they happen.
  public init(
    store: any RecordStore, transport: any ProviderTransport, provider: ProviderDescription = .x,
    limits: LinkLimits = LinkLimits(), clock: WallClock,
    trail: any AuditTrail = NoAuditTrail()
  ) {
    records = Records(store: store)
    ledger = AccountLedger(records: records, limits: limits)
    x = XClient(transport: transport, provider: provider, clock: clock)
    self.limits = limits
    self.trail = trail
    self.clock = clock
  }

  /// Adds every method, and what can be answered without a task.
  public func register(in router: inout Router) {
    addMethods(to: &router)
    router.tryAtOnce(LinkServiceMethods.listAccounts, listAccountsAtOnce)
  }

  /// How often the provider has been asked: what it costs.
  public var providerUsage: ProviderUsage { x.usage }

  /// Begins a link: see the schema.
  public func startLink(
    _ request: StartLinkRequest, context: ServerContext
  ) async throws -> StartLinkResponse {
    try await answering(context) { caller throws(Failure) in
      try await start(StartPlan(request, at: x.provider), caller, timeout: timeout(within: context))
    }
  }

  /// Finishes a link: see the schema.
  public func completeLink(
    _ request: CompleteLinkRequest, context: ServerContext
  ) async throws -> CompleteLinkResponse {
    try await answering(context) { caller throws(Failure) in
      try await complete(Proofs(request), caller)
    }
  }

  /// Lists accounts: see the schema.
  public func listAccounts(
    _ request: ListAccountsRequest, context: ServerContext
  ) async throws -> ListAccountsResponse {
    try await answering(context) { caller throws(Failure) in
      try await list(AccountQuery(request, caller))
    }
  }

  /// Does the same where that takes no waiting.
  private func listAccountsAtOnce(
    _ request: ListAccountsRequest, context: ServerContext
  ) throws(RPCError) -> ListAccountsResponse? {
    do { return try listAtOnce(AccountQuery(request, try Caller.of(context))) } catch {
      throw error.rpcError
    }
  }

  /// Examines keys: see the schema.
  public func validateKeys(
    _ request: ValidateKeysRequest, context: ServerContext
  ) async throws -> ValidateKeysResponse {
    try await answering(context) { caller throws(Failure) in
      try await examine(
        KeyQuestion(request, at: x.provider), caller, timeout: timeout(within: context))
    }
  }

  /// Gives an account: see the schema.
  public func getAccount(
    _ request: GetAccountRequest, context: ServerContext
  ) async throws -> GetAccountResponse {
    try await answering(context) { caller throws(Failure) in try await get(request, caller) }
  }

  /// Asks the provider about an account: see the schema.
  public func checkAccount(
    _ request: CheckAccountRequest, context: ServerContext
  ) async throws -> CheckAccountResponse {
    try await answering(context) { caller throws(Failure) in
      try await check(CheckQuery(request), caller, timeout: timeout(within: context))
    }
  }

  /// Forgets an account: see the schema.
  public func unlinkAccount(
    _ request: UnlinkAccountRequest, context: ServerContext
  ) async throws -> UnlinkAccountResponse {
    try await answering(context) { caller throws(Failure) in
      try await unlink(request, caller, timeout: timeout(within: context))
    }
  }

  /// Keeps a key pair: see the schema.
  public func putKeySet(
    _ request: PutKeySetRequest, context: ServerContext
  ) async throws -> PutKeySetResponse {
    try await answering(context) { caller throws(Failure) in
      try await put(KeySetPlan(request), caller)
    }
  }

  /// Lists key sets: see the schema.
  public func listKeySets(
    _ request: ListKeySetsRequest, context: ServerContext
  ) async throws -> ListKeySetsResponse {
    try await answering(context) { caller throws(Failure) in
      try await list(KeySetQuery(request, caller), caller)
    }
  }

  /// Forgets a key set: see the schema.
  public func deleteKeySet(
    _ request: DeleteKeySetRequest, context: ServerContext
  ) async throws -> DeleteKeySetResponse {
    try await answering(context) { caller throws(Failure) in try await delete(request, caller) }
  }

  /// Signs a request: see the schema.
  public func signRequest(
    _ request: SignRequestRequest, context: ServerContext
  ) async throws -> SignRequestResponse {
    try await answering(context) { caller throws(Failure) in
      try await sign(SigningPlan(request, origins: [x.provider.origin]), caller)
    }
  }

  /// Tells what happens to accounts: see the schema.
  public func watchAccounts(
    _ request: WatchAccountsRequest, responses: ResponseWriter<WatchAccountsResponse>,
    context: ServerContext
  ) async throws {
    try await answering(context) { caller throws(Failure) in
      try await watch(WatchQuery(request, caller), caller) { response throws(Failure) in
        do { try await responses.write(response) } catch { throw .callIsOver(error) }
      }
    }
  }

  /// Ends every open `WatchAccounts`, so that a shutdown need not wait for them.
  public func endWatchers() { ledger.watchers.end() }

  /// Lets every open `WatchAccounts` look whether its caller may still call.
  public func recheckWatchers() { ledger.watchers.wakeAll() }

  /// Waits until no completion and no renewal of a token is under way any more: call it after the
  /// last call has ended and before the store is closed.
  ///
  /// Bounded by the time that a request to a provider may take.
  public func drain() async {
    await completions.drain()
    await renewals.drain()
  }
}

extension LinkingService {
  var checker: AccountChecker {
    AccountChecker(
      records: records, ledger: ledger, x: x, clock: clock, renewals: renewals,
      renewalTimeout: limits.providerTimeout)
  }

  var revocations: Revocations { Revocations(records: records, x: x, clock: clock) }

  /// The one place where a failure of the service becomes an error of the call.
  private func answering<Response>(
    _ context: ServerContext, _ body: (Caller) async throws(Failure) -> Response
  ) async throws(RPCError) -> Response {
    do { return try await body(try Caller.of(context)) } catch { throw error.rpcError }
  }

  /// How long a provider may be asked on behalf of this call.
  private func timeout(within context: ServerContext) -> Duration {
    min(limits.providerTimeout, context.timeRemaining ?? limits.providerTimeout)
  }
}
