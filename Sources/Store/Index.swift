/// All entries in the order of their keys: a B-tree that costs nothing to copy.
///
/// The nodes are arrays in arrays, and so copy-on-write for free: a copy of the tree is a snapshot,
/// and the first change on a path through shared nodes copies only that path. That is how readers
/// keep a state for as long as they look at it while the writer is building the next one.
struct Index: Sendable {
  /// Most keys in a node.
  ///
  /// Nodes of this size are copied in about a microsecond per level, and four levels hold millions
  /// of entries.
  static let width = 64

  private var root = Node()

  /// How many entries there are.
  private(set) var count = 0

  /// The bytes of all keys and values together.
  private(set) var length = 0

  /// An index without entries.
  init() {}

  subscript(key: Key) -> Entry? { root.find(key) }

  /// Sets the entry of `key`, and tells whether there was one before.
  mutating func put(_ key: Key, _ entry: Entry) -> Bool {
    let old = root.put(key, entry)
    if let old {
      length -= old.value.count
    } else {
      count += 1
      length += key.bytes.count
    }
    length += entry.value.count
    if let (separator, right) = root.splitIfFull() {
      root = Node(separators: [separator], children: [root, right])
    }
    return old != nil
  }

  /// Removes `key`, and tells whether it was there.
  mutating func remove(_ key: Key) -> Bool {
    guard let old = root.remove(key) else { return false }
    count -= 1
    length -= key.bytes.count + old.value.count
    while root.children.count == 1 { root = root.children[0] }
    if root.isEmpty { root = Node() }
    return true
  }

  /// Calls `body` for every entry from `start` on, in order, until it answers false.
  func forEach(from start: Key, _ body: (Key, Entry) -> Bool) {
    _ = root.forEach(from: start, body)
  }
}

extension Index {
  /// A part of an index, and its first key: what one is built of from below.
  struct Subtree {
    fileprivate let first: Key
    fileprivate let root: Node

    /// A leaf; there must be a key, and an entry for each.
    init(_ keys: [Key], _ entries: [Entry]) {
      first = keys[0]
      root = Node(keys: keys, entries: entries)
    }

    /// What is above these, of which there must be one, in their order.
    init(_ parts: ArraySlice<Subtree>) {
      first = parts[parts.startIndex].first
      root = Node(separators: parts.dropFirst().map(\.first), children: parts.map(\.root))
    }
  }

  /// The index of all entries of `tree`: so many, with keys and values of so many bytes.
  init(_ tree: Subtree?, count: Int, length: Int) {
    root = tree?.root ?? Node()
    self.count = count
    self.length = length
  }
}

/// A leaf, with keys and their entries, or an inner node, with children and the keys between them.
private struct Node: Sendable {
  /// In a leaf the keys of `entries`.
  ///
  /// In an inner node one less than children: everything in `children[i + 1]` is at or after
  /// `keys[i]`, everything in `children[i]` before it.
  var keys: [Key] = []
  var entries: [Entry] = []
  var children: [Node] = []

  init() {}

  init(keys: [Key], entries: [Entry]) {
    self.keys = keys
    self.entries = entries
  }

  init(separators: [Key], children: [Node]) {
    keys = separators
    self.children = children
  }

  var isLeaf: Bool { children.isEmpty }
  var isEmpty: Bool { isLeaf && keys.isEmpty }

  func find(_ key: Key) -> Entry? {
    guard isLeaf else { return children[child(of: key)].find(key) }
    let position = lowerBound(key)
    return position < keys.count && keys[position] == key ? entries[position] : nil
  }

  /// Returns the entry that was replaced, if there was one.
  mutating func put(_ key: Key, _ entry: Entry) -> Entry? {
    guard isLeaf else {
      let position = child(of: key)
      let old = children[position].put(key, entry)
      if let (separator, right) = children[position].splitIfFull() {
        keys.insert(separator, at: position)
        children.insert(right, at: position + 1)
      }
      return old
    }
    let position = lowerBound(key)
    if position < keys.count && keys[position] == key {
      let old = entries[position]
      entries[position] = entry
      return old
    }
    keys.insert(key, at: position)
    entries.insert(entry, at: position)
    return nil
  }

  /// Returns the entry that was there, if there was one.
  ///
  /// Nodes may become small; only an empty one is taken out.
  mutating func remove(_ key: Key) -> Entry? {
    guard isLeaf else {
      let position = child(of: key)
      guard let old = children[position].remove(key) else { return nil }
      if children[position].isEmpty {
        children.remove(at: position)
        // An only child that goes has no key beside it.
        if !keys.isEmpty { keys.remove(at: max(position - 1, 0)) }
      }
      return old
    }
    let position = lowerBound(key)
    guard position < keys.count && keys[position] == key else { return nil }
    keys.remove(at: position)
    return entries.remove(at: position)
  }

  /// Moves the upper half into a new node on the right, if there are too many keys.
  mutating func splitIfFull() -> (separator: Key, right: Node)? {
    guard keys.count > Index.width else { return nil }
    let middle = keys.count / 2
    var right = Node()
    let separator = keys[middle]
    if isLeaf {
      right.keys = Array(keys[middle...])
      right.entries = Array(entries[middle...])
      entries.removeSubrange(middle...)
    } else {
      // The separator moves up: it is between the two, and in neither.
      right.keys = Array(keys[(middle + 1)...])
      right.children = Array(children[(middle + 1)...])
      children.removeSubrange((middle + 1)...)
    }
    keys.removeSubrange(middle...)
    return (separator, right)
  }

  /// Whether to go on.
  func forEach(from start: Key, _ body: (Key, Entry) -> Bool) -> Bool {
    if isLeaf {
      for position in lowerBound(start)..<keys.count
      where !body(keys[position], entries[position]) { return false }
      return true
    }
    for position in child(of: start)..<children.count
    where !children[position].forEach(from: start, body) { return false }
    return true
  }

  /// The first position whose key is at or after `key`.
  private func lowerBound(_ key: Key) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The child that holds `key` if any does.
  private func child(of key: Key) -> Int {
    let position = lowerBound(key)
    return position < keys.count && keys[position] == key ? position + 1 : position
  }
}
