internal import Linux
internal import Store

/// Measures the store; `tools/bench store` runs it beside SQLite.
///
/// Every line it prints is numbers only, for that script.
@main
struct StoreBench {
  static func main() async throws {
    let words = Array(CommandLine.arguments.dropFirst())
    switch (words.first, words.count) {
    case ("commits", 4): try await Commits(words).run()
    case ("fill", 3): try await Accounts(words).fill()
    case ("clone", 3): try await Accounts(words).clone()
    case ("open", 2): try Accounts(words).open()
    case ("stall", 3): try await Commits(words).runBesideCompactions()
    default: throw Usage()
    }
  }
}

struct Usage: Error, CustomStringConvertible {
  var description: String {
    """
    usage: store-bench commits DIR WRITERS SECONDS  commits/s, median, p99 and worst in ms
           store-bench fill DIR ENTRIES             seconds of writing, of a compaction
           store-bench clone DIR ENTRIES            a linkd's account, so many times
           store-bench open DIR                     seconds, entries, bytes of memory for each, µs of \
    a page
           store-bench stall DIR SECONDS            as commits, of 64 writers, with compactions beside
    """
  }
}

/// Where a benchmark's store and its keys are.
struct Place {
  let directory: String

  func open(create: Bool) throws -> Store {
    let keyFile = "\(directory)/master.key"
    try Directory.createIfMissing(path: directory)
    if create { _ = try? MasterKeys.generate(file: keyFile) }
    return try Store.open(directory: "\(directory)/store", keys: .load(file: keyFile))
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}

extension Double {
  /// With as many digits as are worth reading.
  func rounded(to digits: Int) -> Double {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    return (self * scale).rounded() / scale
  }
}
