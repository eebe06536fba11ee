internal import Linux
internal import Logging
internal import ServiceLifecycle
internal import Store
internal import UnixSignals

/// Reads the master keys again on SIGHUP, and writes everything anew under the newest one.
struct KeyReload: ServiceLifecycle.Service {
  let directory: DataDirectory
  let store: Store
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      let signals = await UnixSignalsSequence(trapping: .sighup)
      if Hangups.take() { await reload() }
      for await _ in signals { await reload() }
    }
  }

  private func reload() async {
    do throws(StoreError) {
      let keys = try await self.keys().get()
      logger.warnUnlessLocked(keys)
      let version = "\(keys.currentVersion)"
      logger.info("writing all data anew", metadata: ["key_version": "\(version)"])
      try await store.compact(under: keys)
      logger.info("all data are written anew", metadata: ["key_version": "\(version)"])
    } catch {
      logger.error("the data could not be written anew", metadata: ["cause": "\(error)"])
    }
  }

  /// On a thread of its own: a command that prints them may take its time.
  private func keys() async -> Result<MasterKeys, StoreError> {
    await withCheckedContinuation { continuation in
      do throws(SystemError) {
        _ = try Thread(name: "keys") { [directory] in
          continuation.resume(returning: directory.keyResult)
        }
      } catch {
        continuation.resume(returning: .failure(.disk(path: directory.path, error)))
      }
    }
  }
}

extension Logger {
  /// Says that keys may reach the swap space.
  func warnUnlessLocked(_ keys: MasterKeys) {
    if !keys.areLocked {
      warning("the master key may be written to swap space", metadata: ["limit": "RLIMIT_MEMLOCK"])
    }
  }
}

extension DataDirectory {
  fileprivate var keyResult: Result<MasterKeys, StoreError> {
    do throws(StoreError) { return .success(try keys()) } catch { return .failure(error) }
  }
}
