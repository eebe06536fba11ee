internal import Logging
internal import ServiceLifecycle
internal import Store
internal import UnixSignals

/// Reads the master key file again on SIGHUP, and writes everything anew under its newest key.
struct KeyReload: ServiceLifecycle.Service {
  let directory: DataDirectory
  let store: Store
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await _ in await UnixSignalsSequence(trapping: .sighup) { await reload() }
    }
  }

  private func reload() async {
    do throws(StoreError) {
      let keys = try MasterKeys.load(file: directory.keyFile)
      let version = "\(keys.currentVersion)"
      logger.info("writing all data anew", metadata: ["key_version": "\(version)"])
      try await store.compact(under: keys)
      logger.info("all data are written anew", metadata: ["key_version": "\(version)"])
    } catch {
      logger.error("the data could not be written anew", metadata: ["cause": "\(error)"])
    }
  }
}
