internal import Linux

/// The truth among the files of a directory, by their names.
struct StoreFiles {
  /// What everything before it is replaced by, if there is one.
  let snapshot: FileName?
  /// What follows it, in order.
  let segments: [FileName]
  /// The highest number of all; 0 if there is none.
  let lastNumber: UInt64
  /// What has such a name, but a number that no store comes to.
  let strangers: [FileName]

  /// All that are read, in order.
  var all: [FileName] { [snapshot].compactMap(\.self) + segments }

  init(_ names: [String]) {
    let named = names.compactMap(FileName.init).sorted { $0.number < $1.number }
    strangers = named.filter { $0.number > Limits.highestNumber }
    let all = named.filter { $0.number <= Limits.highestNumber }
    let snapshot = all.last { $0.kind == .snapshot }
    self.snapshot = snapshot
    segments = all.filter { $0.number > snapshot?.number ?? 0 }
    lastNumber = all.last?.number ?? 0
  }
}

extension Disk {
  /// Copies a file, in portions, so that it has its name only when all of it is durable.
  ///
  /// Zeros are left out where they can be: reserved space is not worth any. It begins with `header`,
  /// if that was read before: a compaction destroys that of a file that it replaces.
  func copy(
    _ source: any DiskFile, _ header: [UInt8] = [], to name: String
  ) throws(SystemError) {
    let temporary = name + Format.temporarySuffix
    let target = try create(temporary)
    var offset = 0
    while true {
      let bytes = try source.read(Limits.copiedLength, at: offset)
      if bytes.isEmpty { break }
      if !bytes.span.isZero(bytes.indices) { try target.writeAll(bytes.span, at: offset) }
      offset += bytes.count
    }
    try target.writeAll(header.span, at: 0)
    try target.synchronize()
    try rename(temporary, to: name)
  }
}
