internal import LinkAPI
internal import Store
internal import Synchronization

/// Completions under way, so that of many calls for one link exactly one acts and its repeats get
/// its answer.
///
/// The work runs in a task of its own: a caller that goes away must not stop an exchange whose
/// verifier the provider may already have taken.
final class Completions: Sendable {
  typealias Work = Task<Result<CompleteLinkResponse, Failure>, Never>

  private struct Running {
    let proofs: Proofs
    let work: Work
  }

  private let running = Mutex<[Key: Running]>([:])

  /// Runs `work` unless a completion of the same link is under way already.
  ///
  /// A repeat of that one (same request_id, same request) waits for it and shares its answer;
  /// anything else is told what every completion that does not fit is told.
  func run(
    _ key: Key, _ proofs: Proofs,
    _ work: @escaping @Sendable () async -> Result<CompleteLinkResponse, Failure>
  ) async throws(Failure) -> CompleteLinkResponse {
    let task = running.withLock { running -> Work? in
      if let first = running[key] {
        return first.proofs.isRepeated(by: proofs) ? first.work : nil
      }
      let task = Work {
        let result = await work()
        self.running.withLock { $0[key] = nil }
        return result
      }
      running[key] = Running(proofs: proofs, work: task)
      return task
    }
    guard let task else { throw .linkNotFound }
    return try await task.value.get()
  }

  /// Waits until none is under way.
  func drain() async {
    while let work = running.withLock({ $0.values.first?.work }) { _ = await work.value }
  }
}
