internal import LinkService
internal import Logging
internal import Synchronization

/// How often the provider was asked, for the log: told whenever it has changed.
final class UsageLog: Sendable {
  private let usage: ProviderUsage
  private let told = Mutex<[ProviderQuestion: UInt64]>([:])

  init(_ usage: ProviderUsage) { self.usage = usage }

  /// The counts since the start, as `asked_users_me=3`; nil if they are what they were.
  func news() -> Logger.Metadata? {
    let totals = usage.totals
    let isNews = told.withLock { told in
      defer { told = totals }
      return told != totals
    }
    guard isNews else { return nil }
    return Dictionary(
      uniqueKeysWithValues: totals.map { ("asked_\($0.key.rawValue)", "\($0.value)") })
  }
}
