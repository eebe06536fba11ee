/// Makes an index of entries that come in the order of their keys, without looking for their places.
struct IndexBuilder {
  /// How full nodes are made: room is left for what comes later, less than splitting would leave.
  private static let fill = Index.width * 3 / 4

  private var leaves: [Index.Subtree] = []
  private var items: [Index.Item] = []
  /// How many entries were added.
  private(set) var count = 0
  private var length = 0
  private var last: Key?

  /// Adds the next entry; false, and nothing is added, if its key does not come after the one before.
  mutating func append(_ key: Key, _ entry: Entry) -> Bool {
    if let last, !(last < key) { return false }
    if items.count == Self.fill { finishLeaf() }
    items.append(Index.Item(key, entry))
    last = key
    count += 1
    length += key.bytes.count + entry.value.count
    return true
  }

  /// The index of everything that was added.
  mutating func finish() -> Index {
    finishLeaf()
    var level = leaves
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: Self.fill).map { start in
        Index.Subtree(level[start..<min(start + Self.fill, level.count)])
      }
    }
    return Index(level.first, count: count, length: length)
  }

  private mutating func finishLeaf() {
    guard !items.isEmpty else { return }
    leaves.append(Index.Subtree(items))
    items = []
    items.reserveCapacity(Self.fill)
  }
}
