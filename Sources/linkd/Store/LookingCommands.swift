internal import ArgumentParser
internal import Console
internal import Store

/// `linkd store verify`.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Say whether the data are intact, torn or damaged.",
    discussion: """
      Reads everything and changes nothing; linkd may be serving meanwhile. Prints 'intact', or \
      'torn' if the very last write was cut short, which nobody was promised and the next start \
      takes back. Damage ends it with status 65, file and offset.

      Without the key it finds what is damaged, but not what somebody has changed on purpose.

      EXAMPLES
        linkd store verify --data /var/lib/linkd
        linkd store verify --data /mnt/backup --without-key
      """)

  @OptionGroup var place: DataOption

  @Flag(help: "Look at form and checksums only; no master key is read.")
  var withoutKey = false

  func run() async throws {
    let keys = withoutKey ? nil : try place.keys()
    let found = try Failure.ofStore { () throws(StoreError) in
      try Inspection(directory: place.directory.store, keys: keys)
    }
    let condition = found.torn.map { "torn at \($0.offset) of \($0.file)" } ?? "intact"
    try Failure.printing(
      "\(condition): \(found.lastSequence) batches, \(found.files.count) files\n")
  }
}

/// `linkd store stats`.
struct StatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Show what the data take and which keys they need.")

  @OptionGroup var place: DataOption

  func run() async throws {
    let keys = try place.keys()
    let found = try Failure.ofStore { () throws(StoreError) in
      try Inspection(directory: place.directory.store, keys: keys)
    }
    let versions = Set(found.files.map(\.masterKeyVersion)).sorted().map(String.init)
    var lines = [
      "entries          \(found.count)",
      "bytes of content \(found.contentLength)",
      "bytes of files   \(found.files.reduce(0) { $0 + $1.length })",
      "last batch       \(found.lastSequence)",
      "high-water mark  \(found.markedSequence)",
      "key versions     \(versions.joined(separator: ", "))",
    ]
    lines += found.files.map { "file             \($0.name) \($0.length)" }
    try Failure.printing(lines.joined(separator: "\n") + "\n")
  }
}

/// `linkd store dump`.
struct DumpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "List the entries: name, size and version, never a value.")

  @OptionGroup var place: DataOption

  func run() async throws {
    let keys = try place.keys()
    let found = try Failure.ofStore { () throws(StoreError) in
      try Inspection(directory: place.directory.store, keys: keys)
    }
    var lines = ""
    found.forEachEntry { key, length, version in
      lines += "\(version)\t\(length)\t\(String(decoding: key.bytes, as: UTF8.self).printable)\n"
    }
    try Failure.printing(lines)
  }
}
