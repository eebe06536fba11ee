/// All entries in the order of their keys: a B-tree that costs nothing to copy.
///
/// The nodes are arrays in arrays, and so copy-on-write for free: a copy of the tree is a snapshot,
/// and the first change on a path through shared nodes copies only that path. That is how readers
/// keep a state for as long as they look at it.
package struct Index: Sendable {
  /// Most items of a leaf, and children of an inner node.
  ///
  /// What a commit costs is mostly copying nodes, one reference after another, and letting go of the
  /// old ones: half as wide would be quicker still to write, but deeper and larger.
  static let width = 32

  private var root = Node.leaf([])

  /// How many entries there are.
  package private(set) var count = 0

  /// The bytes of all keys and values together.
  package private(set) var length = 0

  /// An index without entries.
  package init() {}

  package subscript(key: Key) -> Entry? { root.find(key)?.entry }

  /// Carries out one change, and tells whether there was an entry before.
  package mutating func apply(_ change: Change) -> Bool {
    switch change {
    case .put(let item): put(item)
    case .remove(let key): remove(key)
    }
  }

  private mutating func put(_ item: Item) -> Bool {
    let old = root.put(item)
    if let old {
      length -= old.length
    } else {
      count += 1
    }
    length += item.length
    if let right = root.splitIfFull() {
      root = .inner([Child(first: Key([]), node: root), right])
    }
    return old != nil
  }

  private mutating func remove(_ key: Key) -> Bool {
    guard let old = root.remove(key) else { return false }
    count -= 1
    length -= old.length
    while case .inner(let children) = root, children.count < 2 {
      root = children.first?.node ?? .leaf([])
    }
    return true
  }

  /// Calls `body` for every entry from `start` on, in order, until it answers false.
  package func forEach(from start: Key, _ body: (Key, Entry) -> Bool) {
    _ = root.forEach(from: start) { body($0.key, $0.entry) }
  }
}

extension Index {
  /// A key with its entry: one reference for a node to copy, not two.
  package final class Item: Sendable {
    let key: Key
    let entry: Entry

    package init(_ key: Key, _ entry: Entry) {
      self.key = key
      self.entry = entry
    }

    /// The bytes of both.
    var length: Int { key.bytes.count + entry.value.count }
  }

  /// What can happen to an entry.
  package enum Change: Sendable {
    /// It takes the place of the one that has its key, if one has.
    case put(Item)
    case remove(Key)
  }

  /// A part of an index, and its first key: what one is built of from below.
  struct Subtree {
    fileprivate let child: Child

    /// A leaf; there must be an item.
    init(_ items: [Item]) { child = Child(first: items[0].key, node: .leaf(items)) }

    /// What is above these, of which there must be one, in their order.
    init(_ parts: ArraySlice<Subtree>) {
      let children = parts.map(\.child)
      child = Child(first: children[0].first, node: .inner(children))
    }
  }

  /// The index of all entries of `tree`: so many, with keys and values of so many bytes.
  init(_ tree: Subtree?, count: Int, length: Int) {
    root = tree?.child.node ?? .leaf([])
    self.count = count
    self.length = length
  }
}

/// A node with the key that everything in it is at or after, and everything in the one before it
/// is before; that of a first child says nothing.
private struct Child: Sendable {
  let first: Key
  var node: Node
}

/// A leaf, with items in the order of their keys, or an inner node.
///
/// To change a node in place, its array is taken out first: as long as the node has it, too, the
/// array has two owners, and the first change would copy it.
private enum Node: Sendable {
  case leaf([Index.Item])
  case inner([Child])

  var isEmpty: Bool {
    switch self {
    case .leaf(let items): items.isEmpty
    case .inner(let children): children.isEmpty
    }
  }

  func find(_ key: Key) -> Index.Item? {
    switch self {
    case .leaf(let items):
      let position = items.position(of: key)
      return position < items.count && items[position].key == key ? items[position] : nil
    case .inner(let children): return children[children.position(of: key)].node.find(key)
    }
  }

  /// Returns the item that was replaced, if there was one.
  mutating func put(_ item: Index.Item) -> Index.Item? {
    switch self {
    case .leaf(var items):
      self = .leaf([])
      defer { self = .leaf(items) }
      let position = items.position(of: item.key)
      guard position < items.count, items[position].key == item.key else {
        items.insert(item, at: position)
        return nil
      }
      let old = items[position]
      items[position] = item
      return old
    case .inner(var children):
      self = .inner([])
      defer { self = .inner(children) }
      let position = children.position(of: item.key)
      let old = children[position].node.put(item)
      if let right = children[position].node.splitIfFull() {
        children.insert(right, at: position + 1)
      }
      return old
    }
  }

  /// Returns the item that was there, if there was one.
  ///
  /// Nodes may become small; only an empty one is taken out.
  mutating func remove(_ key: Key) -> Index.Item? {
    switch self {
    case .leaf(var items):
      let position = items.position(of: key)
      guard position < items.count, items[position].key == key else { return nil }
      self = .leaf([])
      defer { self = .leaf(items) }
      return items.remove(at: position)
    case .inner(var children):
      self = .inner([])
      defer { self = .inner(children) }
      let position = children.position(of: key)
      let old = children[position].node.remove(key)
      if children[position].node.isEmpty { children.remove(at: position) }
      return old
    }
  }

  /// Moves the upper half into a new node on the right, if this one is too wide.
  mutating func splitIfFull() -> Child? {
    switch self {
    case .leaf(let items):
      guard items.count > Index.width else { return nil }
      let middle = items.count / 2
      self = .leaf(Array(items[..<middle]))
      return Child(first: items[middle].key, node: .leaf(Array(items[middle...])))
    case .inner(let children):
      guard children.count > Index.width else { return nil }
      let middle = children.count / 2
      self = .inner(Array(children[..<middle]))
      return Child(first: children[middle].first, node: .inner(Array(children[middle...])))
    }
  }

  /// Whether to go on.
  func forEach(from start: Key, _ body: (Index.Item) -> Bool) -> Bool {
    switch self {
    case .leaf(let items): items[items.position(of: start)...].allSatisfy(body)
    case .inner(let children):
      children[children.position(of: start)...].allSatisfy {
        $0.node.forEach(from: start, body)
      }
    }
  }
}

extension [Index.Item] {
  /// The first position whose key is at or after `key`.
  fileprivate func position(of key: Key) -> Int { firstPosition { !($0.key < key) } }
}

extension [Child] {
  /// The child that holds `key` if any does.
  fileprivate func position(of key: Key) -> Int {
    firstPosition(after: 1) { key < $0.first } - 1
  }
}

extension Array {
  /// The first position after so many from which on `isReached` holds, which it must do to the end
  /// once it does.
  fileprivate func firstPosition(after skipped: Int = 0, _ isReached: (Element) -> Bool) -> Int {
    var (low, high) = (skipped, count)
    while low < high {
      let middle = (low + high) / 2
      if isReached(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
