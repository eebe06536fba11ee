internal import LinkAPI
internal import Store
internal import Synchronization

/// Short pages of accounts that were listed lately, as the messages that their records hold.
///
/// A back end asks again and again for the accounts of the user in front of it. To find their records
/// costs little, to decode them is most of the call. A page is given again only if its records still
/// have the versions that it was made of.
final class AccountPages: Sendable {
  /// The longest page that is kept: more accounts than a user has.
  private static let length = 10
  /// How many pages are kept, at least; at most twice as many, about 20 MiB.
  private static let count = 1000

  private struct Page {
    let versions: [(key: Key, version: UInt64)]
    let accounts: [Account]
  }

  private let pages = Mutex(RecentTable<Key, Page>(capacity: count))

  /// The accounts of these records, in their order.
  func accounts(of entries: [(key: Key, entry: Entry)]) throws(Failure) -> [Account] {
    guard let first = entries.first?.key, entries.count <= Self.length else {
      return try Self.decode(entries)
    }
    if let known = known(from: first, of: entries) { return known }
    let accounts = try Self.decode(entries)
    let page = Page(
      versions: entries.map { ($0.key, $0.entry.version) }, accounts: accounts)
    pages.withLock { $0.put(page, for: first) }
    return accounts
  }

  private func known(from first: Key, of entries: [(key: Key, entry: Entry)]) -> [Account]? {
    guard let page = pages.withLock({ $0.value(for: first) }) else { return nil }
    let isSame = page.versions.elementsEqual(entries) {
      $0.version == $1.entry.version && $0.key == $1.key
    }
    return isSame ? page.accounts : nil
  }

  private static func decode(
    _ entries: [(key: Key, entry: Entry)]
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
