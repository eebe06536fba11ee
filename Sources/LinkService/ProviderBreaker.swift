internal import LinkAPI
internal import OAuth
internal import Protobuf
internal import Synchronization

/// Keeps linkd from asking a provider that wants, or needs, a pause, and one tenant from taking all
/// that linkd can ask at once.
///
/// Each question of each application of each tenant has pauses of its own, as a provider's limits are
/// counted: who checks one account too often can still link others. In memory only: after a
/// restart the provider is asked once more.
final class ProviderBreaker: Sendable {
  /// What an application of a tenant asks.
  struct Subject: Sendable {
    fileprivate let tenant: [UInt8]
    fileprivate let name: [UInt8]

    init(_ question: ProviderQuestion, with keys: ConsumerKeys?, of tenant: String) {
      self.tenant = Array(tenant.utf8)
      // No question and no tenant has a slash in it.
      name = Array("\(question.rawValue)/\(tenant)/\(keys?.consumerKey ?? "")".utf8)
    }
  }

  private struct State: Sendable {
    var pauses = RecentTable<[UInt8], ProviderPause>(capacity: LinkLimits.rememberedPauses)
    var running: [[UInt8]: Int] = [:]
  }

  private let state = Mutex(State())

  /// Why the provider is left alone; nil if it may be asked.
  func refusal(of subject: Subject, at now: Timestamp) -> XFailure? {
    state.withLock { $0.pauses.value(for: subject.name)?.failure(at: now) }
  }

  /// Counts a question in; `end` must follow, unless this throws.
  func begin(_ subject: Subject, at now: Timestamp) throws(XFailure) {
    if let refusal = refusal(of: subject, at: now) { throw refusal }
    let isAdmitted = state.withLock { state in
      let running = state.running[subject.tenant] ?? 0
      guard running < LinkLimits.questionsPerTenant else { return false }
      state.running[subject.tenant] = running + 1
      return true
    }
    guard isAdmitted else { throw .crowded }
  }

  /// Counts it out, and takes note of how it ended; `wasPatient` tells whether the provider had time
  /// enough to answer.
  func end(_ subject: Subject, _ failure: XFailure?, wasPatient: Bool, at now: Timestamp) {
    state.withLock { state in
      let running = state.running[subject.tenant] ?? 0
      state.running[subject.tenant] = running > 1 ? running - 1 : nil
      if failure == nil, state.pauses.value(for: subject.name) == nil { return }
      state.pauses.withValue(for: subject.name, orNew: ProviderPause()) {
        $0.note(failure, wasPatient: wasPatient, at: now)
      }
    }
  }
}

/// Until when a provider is left alone, and why.
private struct ProviderPause: Sendable {
  private var failures = 0
  private var begin = Timestamp()
  private var end = Timestamp()
  private var isRateLimit = false

  /// What is said instead of asking.
  func failure(at now: Timestamp) -> XFailure? {
    // A clock that was put back ends a pause.
    guard !(now < begin), now < end else { return nil }
    return .resting(.seconds(max(1, end.seconds &- now.seconds)), isRateLimit: isRateLimit)
  }

  mutating func note(_ failure: XFailure?, wasPatient: Bool, at now: Timestamp) {
    switch failure {
    case .answered(let answer) where answer.kind == .rateLimited:
      pause(
        answer.retryAfter.map { .seconds($0) } ?? LinkLimits.firstPause, isRateLimit: true, at: now)
    case .answered(let answer) where answer.kind == .unavailable: fail(at: now)
    case .unanswered: if wasPatient { fail(at: now) }
    case .notAsked, .resting, .crowded: break
    case nil, .answered, .wrongUser:
      failures = 0
      // What was on its way when the limit was reached does not lift it.
      if !isRateLimit { end = begin }
    }
  }

  private mutating func fail(at now: Timestamp) {
    failures += 1
    let doublings = failures - LinkLimits.failuresBeforePause
    guard doublings >= 0 else { return }
    let factor = 1 << min(doublings, LinkLimits.pauseDoublings)
    pause(LinkLimits.firstPause * factor, isRateLimit: false, at: now)
  }

  private mutating func pause(_ duration: Duration, isRateLimit: Bool, at now: Timestamp) {
    (begin, end) = (now, now.adding(min(max(duration, .seconds(1)), LinkLimits.longestPause)))
    self.isRateLimit = isRateLimit
  }
}
