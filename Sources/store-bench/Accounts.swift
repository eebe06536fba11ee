internal import Linux
internal import Store

/// What an entry looks like in every benchmark: as large as a linked account with its tokens.
enum Account {
  static let valueLength = 300

  /// 40 bytes, as those of tools/benchmarks/sqlite.c, and made as quickly.
  static func key(profile: Int, _ number: Int) -> Key {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(40)
    bytes += "account/".utf8
    append(profile, 8, to: &bytes)
    bytes.append(UInt8(ascii: "/"))
    append(number, 23, to: &bytes)
    return Key(bytes)
  }

  private static func append(_ number: Int, _ width: Int, to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: width))
    var rest = number
    for place in (start..<start + width).reversed() where rest > 0 {
      bytes[place] += UInt8(rest % 10)
      rest /= 10
    }
  }
}

/// A store with many accounts, ten to a profile.
struct Accounts {
  private let place: Place
  private let count: Int

  /// Reads `fill DIR ENTRIES`, `clone DIR ENTRIES` or `open DIR`.
  init(_ words: [String]) throws {
    place = Place(directory: words[1])
    guard let count = words.count == 3 ? Int(words[2]) : 0 else { throw Usage() }
    self.count = count
  }

  func fill() async throws {
    let store = try place.open(create: true)
    let begin = ContinuousClock.now
    let value = (0..<Account.valueLength).map { UInt8(truncatingIfNeeded: $0) }
    for start in stride(from: 0, to: count, by: 1000) {
      var batch = Batch()
      for number in start..<min(start + 1000, count) {
        batch.put(Account.key(profile: number / 10, number), value)
      }
      _ = try await store.commit(batch)
    }
    let middle = ContinuousClock.now
    try await store.compact()
    print(
      (middle - begin).seconds.rounded(to: 2), (ContinuousClock.now - middle).seconds.rounded(to: 2)
    )
    store.close()
  }

  /// Gives the data of a linkd as many accounts: copies of one that it has, ten to a profile.
  func clone() async throws {
    let store = try place.open(create: false)
    guard let (key, account) = store.entries(withPrefix: "account/", limit: 1).first else {
      throw Usage()
    }
    let tenant = key.bytes.split(separator: UInt8(ascii: "/"))[1]
    for start in stride(from: 0, to: count, by: 1000) {
      var batch = Batch()
      for number in start..<min(start + 1000, count) {
        let place = Array("/p\(number / 10)/clone-\(number)".utf8)
        batch.put(Key(Array("account/".utf8) + tenant + place), account.value)
      }
      _ = try await store.commit(batch)
    }
    try await store.compact()
    store.close()
  }

  func open() throws {
    let before = residentBytes()
    let begin = ContinuousClock.now
    let store = try place.open(create: false)
    let opened = ContinuousClock.now
    let memory = residentBytes() - before
    let page = pageTime(store)
    print((opened - begin).seconds.rounded(to: 2), store.count, memory / max(store.count, 1), page)
    store.close()
  }

  /// Microseconds to list the accounts of one profile: the median of many profiles.
  private func pageTime(_ store: Store) -> Double {
    let profiles = max(store.count / 10, 1)
    let times = (0..<1001).map { step in
      let prefix = Key(Array(Account.key(profile: step * 7919 % profiles, 0).bytes.prefix(17)))
      let begin = ContinuousClock.now
      let found = store.entries(withPrefix: prefix, limit: 100).count
      let time = ContinuousClock.now - begin
      precondition(found == 10, "the accounts of a profile are missing")
      return time.seconds * 1e6
    }
    return times.sorted()[500].rounded(to: 2)
  }

  /// The memory that this process has, by `/proc/self/statm`.
  private func residentBytes() -> Int {
    guard
      let text = try? Directory(path: "/proc/\(processID())").open("statm", .read).read(100, at: 0),
      let pages = Int(String(decoding: text, as: UTF8.self).split(separator: " ")[1])
    else { return 0 }
    return pages * 4096
  }
}
