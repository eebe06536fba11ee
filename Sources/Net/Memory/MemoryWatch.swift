internal import Linux
internal import Synchronization

/// Tells a connection what its end of memory is ready for, as a poller does for a socket: on the loop,
/// and again in each turn until it is dealt with.
///
/// `@unchecked Sendable`: what is mutable is touched only on the thread of `loop`.
final class MemoryWatch: @unchecked Sendable {
  /// What is waited for.
  var interest: Readiness { didSet { changed() } }
  private let loop: EventLoop
  /// Nil once it is over.
  private var end: MemoryEnd?
  private let ready: (Readiness) -> Void
  private let isScheduled = Atomic(false)

  init(
    _ end: MemoryEnd, on loop: EventLoop, for interest: Readiness,
    _ ready: @escaping (Readiness) -> Void
  ) {
    self.end = end
    self.loop = loop
    self.interest = interest
    self.ready = ready
    end.whenChanged { [weak self] in self?.changed() }
    changed()
  }

  /// Nobody is told any more.
  func stop() {
    end?.whenChanged(nil)
    end = nil
  }

  private func changed() {
    guard !isScheduled.exchange(true, ordering: .sequentiallyConsistent) else { return }
    loop.execute { self.look() }
  }

  private func look() {
    isScheduled.store(false, ordering: .sequentiallyConsistent)
    guard let readiness = end?.readiness.intersection(interest), !readiness.isEmpty else { return }
    ready(readiness)
    // What has not been taken is there in the next turn, too.
    if end?.readiness.isDisjoint(with: interest) == false { changed() }
  }
}
