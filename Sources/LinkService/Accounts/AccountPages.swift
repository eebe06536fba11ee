internal import LinkAPI
internal import Store
internal import Synchronization

/// Short lists of accounts that were asked for lately, as the messages that their records hold.
///
/// A back end asks again and again for the accounts of the user in front of it. To find their records
/// costs little, to decode them is most of the call. A list is given again only if its records still
/// have the versions that it was made of; they need no look while nothing at all has changed.
final class AccountPages: Sendable {
  /// The longest list that is kept: more accounts than a user has.
  private static let length = 10
  /// How many lists are kept, at least; at most twice as many, about 20 MiB.
  private static let count = 1000

  private struct Page {
    let versions: [(key: Key, version: UInt64)]
    let accounts: [Account]
    /// The last state of the records in which it was found to be right; zero for none.
    var stateNumber: UInt64 = 0

    init(_ entries: [(key: Key, entry: Entry)]) throws(Failure) {
      versions = entries.map { ($0.key, $0.entry.version) }
      accounts = try AccountPages.accounts(of: entries)
    }
  }

  private let pages = Mutex(RecentTable<Key, Page>(capacity: count))

  /// All accounts under this prefix, as they are in this state, if that is known.
  func accounts(under prefix: Key, in stateNumber: UInt64) -> [Account]? {
    let page = pages.withLock { $0.value(for: prefix) }
    return page?.stateNumber == stateNumber ? page?.accounts : nil
  }

  /// The accounts of these records, all under this prefix, in their order.
  ///
  /// - Parameter stateNumber: the state that they were read in, or one before it; nil if unknown.
  func accounts(
    of entries: [(key: Key, entry: Entry)], under prefix: Key, in stateNumber: UInt64?
  ) throws(Failure) -> [Account] {
    guard entries.count <= Self.length else { return try Self.accounts(of: entries) }
    var page: Page
    if let known = known(under: prefix, of: entries) {
      page = known
    } else {
      page = try Page(entries)
    }
    page.stateNumber = stateNumber ?? 0
    pages.withLock { $0.put(page, for: prefix) }
    return page.accounts
  }

  private func known(under prefix: Key, of entries: [(key: Key, entry: Entry)]) -> Page? {
    guard let page = pages.withLock({ $0.value(for: prefix) }),
      page.versions.count == entries.count
    else { return nil }
    // By their places: to pass pairs to a closure costs more than to compare them.
    for index in entries.indices {
      guard page.versions[index].version == entries[index].entry.version,
        page.versions[index].key == entries[index].key
      else { return nil }
    }
    return page
  }

  /// The accounts of these records.
  static func accounts(
    of entries: [(key: Key, entry: Entry)]
  ) throws(Failure) -> [Account] {
    var accounts: [Account] = []
    accounts.reserveCapacity(entries.count)
    for (_, entry) in entries {
      if let account = try Records.decode(AccountRecord.self, entry).account {
        accounts.append(account)
      }
    }
    return accounts
  }
}
