internal import Console
internal import LinkService
internal import Linux
internal import Logging
internal import Net
internal import OpenSSL
internal import RPCNet
internal import RPCServices
internal import ServiceLifecycle
internal import Store
internal import UnixSignals

/// linkd while it serves: everything is opened here, in order, and closed again in the reverse one.
struct Daemon {
  private let settings: ServeSettings
  private let logger: Logger

  init(_ settings: ServeSettings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// Serves until a signal asks for the end or the disk fails.
  func run() async throws(Failure) {
    forbidDumps()
    let (failures, failed) = AsyncStream.makeStream(of: Void.self)
    let directory = DataDirectory(path: settings.data, keyCommand: settings.keyCommand)
    let health = StoreHealth()
    let store = try directory.openStore(onKeys: logger.warnUnlessLocked, onCompaction: log) {
      health.fail()
      failed.yield()
    }
    defer { store.close() }
    if let file = store.tornFile {
      logger.warning("an unfinished write was cut off and kept", metadata: ["file": "\(file)"])
    }
    let loops = try eventLoops()
    defer { loops.shutdown() }
    let auditLoop = try auditLoop()
    defer { auditLoop.shutdown() }
    let audit = try AuditFile(directory: settings.data, on: auditLoop)
    let server = try serverConfiguration()
    let answering = Answering(
      settings: settings, server: server, loops: loops, store: store,
      storeHealth: health, audit: audit, logger: logger)
    let reload = KeyReload(directory: directory, store: store, logger: logger)
    try await supervise(answering, StoreWatch(failures: failures), reload)
  }

  /// Runs the services, and ends them on SIGTERM, SIGINT or the failure of one.
  private func supervise(
    _ answering: Answering, _ watch: StoreWatch, _ reload: KeyReload
  ) async throws(Failure) {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(
            service: answering, failureTerminationBehavior: .gracefullyShutdownGroup,
            serviceName: "server"),
          .init(
            service: watch, successTerminationBehavior: .ignore,
            failureTerminationBehavior: .gracefullyShutdownGroup, serviceName: "store"),
          .init(
            service: reload, successTerminationBehavior: .ignore,
            failureTerminationBehavior: .gracefullyShutdownGroup, serviceName: "reload"),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quietLogger))
    do {
      try await group.run()
    } catch let error as Failure {
      throw error
    } catch {
      throw Failure(.software, "\(error)")
    }
  }

  /// What the lifecycle library has to say only matters to who looks for a fault in it.
  private var quietLogger: Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .error)
    return logger
  }

  /// A log that cannot be compacted grows, and with it the next start's time, until the disk is full.
  private func log(_ report: CompactionReport) {
    switch report {
    case .done(0): logger.debug("the log was compacted")
    case .done(let failures):
      logger.notice("the log was compacted at last", metadata: ["failures": "\(failures)"])
    case .postponed(let cause, let failures, let pause):
      logger.error(
        "the log could not be compacted",
        metadata: ["cause": "\(cause)", "failures": "\(failures)", "next_try_in": "\(pause)"])
    }
  }

  private func forbidDumps() {
    do {
      try ProcessHardening.forbidDumps()
    } catch {
      logger.warning("memory can be dumped", metadata: ["cause": "\(error)"])
    }
  }

  /// Keeps back the descriptors without which nothing could be written or asked any more, however
  /// many callers there are.
  private func fit(_ limits: inout NetLimits) {
    do {
      let (descriptors, wanted) = (try DescriptorLimit.raise(), limits.connections)
      limits.fit(descriptors: descriptors)
      guard limits.connections < wanted else { return }
      logger.notice(
        "fewer connections than usual are taken, for want of descriptors",
        metadata: ["connections": "\(limits.connections)", "descriptors": "\(descriptors)"])
    } catch {
      logger.warning("the limit of descriptors is unknown", metadata: ["cause": "\(error)"])
    }
  }

  private func eventLoops() throws(Failure) -> EventLoopGroup {
    do {
      return try EventLoopGroup(count: settings.loops)
    } catch {
      throw Failure(.software, "cannot start \(settings.loops) event loops: \(error)")
    }
  }

  /// The thread that waits for the disk of the audit log.
  private func auditLoop() throws(Failure) -> EventLoop {
    do {
      return try EventLoop(name: "audit")
    } catch {
      throw Failure(.software, "cannot start the thread of the audit log: \(error)")
    }
  }

  private func serverConfiguration() throws(Failure) -> RPCServer.Configuration {
    let listening = try Listening(settings)
    let tls = try settings.tls.map { identity throws(Failure) in try identity.load() }
    var configuration = RPCServer.Configuration(address: listening.address, tls: tls)
    configuration.inherited = listening.inherited
    configuration.origins = settings.origins
    configuration.net.maximumAge = settings.maximumAge
    configuration.admission.exempt = Health.paths
    fit(&configuration.net)
    let refusals = RefusalLog(logger)
    configuration.refused = { refusals.log($0) }
    return configuration
  }
}

/// Ends the process when the disk has failed: from then on nothing can be acknowledged.
struct StoreWatch: ServiceLifecycle.Service {
  let failures: AsyncStream<Void>

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      for await _ in failures {
        throw Failure(
          .storage, "writing to the data directory failed", hint: "restart once the disk works")
      }
    }
  }
}
