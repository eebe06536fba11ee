internal import Console
internal import HTTPClient
internal import LinkService
internal import Linux
internal import Logging
internal import Net
internal import OAuth
internal import RPC
internal import RPCNet
internal import RPCServices
internal import ServiceLifecycle
internal import Store
internal import UnixSignals

/// Listens, answers calls, and on the way down lets those under way finish.
struct Answering: ServiceLifecycle.Service {
  /// How long calls under way may take to finish: longer than any provider is waited for.
  private static let grace = Duration.seconds(15)

  let settings: ServeSettings
  let server: RPCServer.Configuration
  let loops: EventLoopGroup
  let store: Store
  let storeHealth: StoreHealth
  let audit: AuditFile
  let logger: Logger

  func run() async throws {
    let client = HTTPClient(loop: loops.next(), configuration: try clientConfiguration())
    let linking = LinkingService(
      store: store, transport: XTransport(client: client), provider: provider, clock: .system,
      trail: audit)
    let usage = UsageLog(linking.providerUsage)
    let upkeep = Task { await Upkeep(linking).run { log($0, usage) } }
    let administration = AdministrationService(
      store: store, clock: .system, trail: audit, credentialsChanged: linking.recheckWatchers)
    let health = Health(of: [linking, administration])
    do {
      let services: [any RPC.Service] = [linking, administration, health]
      let all = services + [Reflection(of: services)]
      let calls = settings.metrics.map { _ in CallMetrics(paths: Router(all).paths) }
      let server = try await start(all, calls)
      let metrics = try await serve(calls, server, linking.providerUsage)
      try announce(server.address, metrics?.address)
      let renewal = Task { await renewIdentity(of: server) }
      try await gracefulShutdown()
      logger.info("shutting down")
      renewal.cancel()
      health.drain()
      linking.endWatchers()
      await stop(server)
      await metrics?.stop()
    } catch {
      await stop(upkeep)
      await client.shutdown()
      throw error
    }
    await stop(upkeep)
    await linking.drain()
    await client.shutdown()
    log(UpkeepReport(), usage)
    logger.info("stopped")
  }

  /// Lets the calls under way finish, for as long as the grace lasts and nobody asks again.
  private func stop(_ server: RPCServer) async {
    await withTaskGroup { group in
      group.addTask { await server.shutDown(grace: Self.grace) }
      group.addTask {
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
          logger.notice("asked again: ending the calls under way")
          return await server.shutDown(grace: .zero)
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// Reads the certificate and its key again on SIGHUP.
  ///
  /// If they cannot be used, the server goes on with those that it has.
  private func renewIdentity(of server: RPCServer) async {
    guard let identity = settings.tls else { return }
    for await _ in await UnixSignalsSequence(trapping: .sighup) {
      do throws(Failure) {
        await server.use(try identity.load())
        logger.info("the certificate was read again", metadata: ["file": "\(identity.certificate)"])
      } catch {
        logger.error("the certificate was not replaced", metadata: ["cause": "\(error.message)"])
      }
    }
  }

  private func stop(_ upkeep: Task<Void, Never>) async {
    upkeep.cancel()
    await upkeep.value
  }

  /// Makes visible what linkd has done by itself, and what it has asked the provider since it was
  /// started, for itself and for callers: that may cost money.
  private func log(_ report: UpkeepReport, _ usage: UsageLog) {
    let asked = usage.news()
    guard !report.isEmpty || asked != nil else { return }
    let done: Logger.Metadata = [
      "accounts_checked": "\(report.accountsChecked)", "checks_failed": "\(report.checksFailed)",
      "tokens_ended": "\(report.tokensEnded)", "tokens_pending": "\(report.tokensPending)",
      "tokens_given_up": "\(report.tokensGivenUp)",
      "records_purged": "\(report.recordsPurged)", "store_failures": "\(report.storeFailures)",
    ]
    logger.info("upkeep", metadata: done.merging(asked ?? [:]) { $1 })
  }

  private func start(
    _ services: [any RPC.Service], _ calls: CallMetrics?
  ) async throws(Failure) -> RPCServer {
    let outermost = calls.map { [$0 as any ServerInterceptor] } ?? []
    do {
      return try await RPCServer.start(
        on: loops, server, services: services, interceptors: outermost + interceptors)
    } catch {
      throw Failure(error, listeningOn: settings.listen)
    }
  }

  /// Tells of this process in numbers, if it was asked to.
  private func serve(
    _ calls: CallMetrics?, _ server: RPCServer, _ usage: ProviderUsage
  ) async throws(Failure) -> MetricsServer? {
    guard let calls, let address = settings.metrics else { return nil }
    return try await MetricsServer.start(
      on: address, Metrics(calls, server, usage, storeHealth), logger)
  }

  /// What every call passes through, the first one outermost.
  private var interceptors: [any ServerInterceptor] {
    [
      CallLog(logger: logger), FailedCallLimit(),
      Authenticator(
        store: store, clock: .system, trail: audit, open: Health.paths, readable: Reflection.paths),
      TenantCallLimit(Allowance(perSecond: settings.callsPerTenant)),
      CallAudit(trail: audit, clock: .system),
    ]
  }

  /// Tells whoever started this process that it can be called.
  private func announce(
    _ address: SocketAddress, _ metrics: ListenAddress?
  ) throws(Failure) {
    var fields: Logger.Metadata = [
      "address": "\(address)", "tls": "\(settings.tls != nil)", "loops": "\(settings.loops)",
      "x": "\(provider.origin)",
    ]
    if let metrics { fields["metrics"] = "\(metrics)" }
    logger.info("listening", metadata: fields)
    let second = metrics.map { "metrics on \($0)\n" } ?? ""
    do {
      try StandardStreams.writeOutput("listening on \(address)\n\(second)")
    } catch {
      throw Failure(.software, "cannot write to standard output")
    }
  }

  private var provider: ProviderDescription {
    settings.xBaseURL.map { ProviderDescription.x.at(origin: $0) } ?? .x
  }

  private func clientConfiguration() throws(Failure) -> HTTPClient.Configuration {
    do {
      var configuration = HTTPClient.Configuration(origins: [try Origin(provider.origin)])
      configuration.trustFile = settings.xCAFile
      return configuration
    } catch {
      throw Failure(.usage, "--x-base-url: \(error)")
    }
  }
}

extension Failure {
  /// Why nobody can be listened to.
  init(_ error: NetError, listeningOn address: ListenAddress) {
    switch error {
    case .system(let cause) where cause.isAddressInUse:
      self.init(.inUse, "\(address) is in use", hint: "stop what listens there, or use another")
    default: self.init(.configuration, "cannot listen on \(address): \(error)")
    }
  }
}
