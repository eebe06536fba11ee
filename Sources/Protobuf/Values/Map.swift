/// A type that the keys of a map can have: integers, `bool` and `string`.
public protocol MapKey: Hashable, Sendable {
  /// What tells two keys apart.
  associatedtype Identity: Hashable & Sendable & Comparable

  /// What tells this key from others.
  var identity: Identity { get }
  /// The key with this identity.
  init(identity: Identity)
}

/// A map field.
///
/// Keys that are strings are told apart by their UTF-8 bytes. Swift's own `==` would take two
/// different spellings of `é` for one key, and so let one user's entry replace another's.
public struct Map<Key: MapKey, Value: Sendable>: Sendable {
  @usableFromInline var entries: [Key.Identity: Value] = [:]

  /// An empty map.
  @inlinable public init() {}

  /// How many entries there are.
  @inlinable public var count: Int { entries.count }
  /// Whether there are none.
  @inlinable public var isEmpty: Bool { entries.isEmpty }

  /// The value for a key; nil where there is none, and to remove it.
  @inlinable
  public subscript(key: Key) -> Value? {
    get { entries[key.identity] }
    set { entries[key.identity] = newValue }
  }

  /// The entries, ordered by key: numbers by value, strings by their bytes.
  @inlinable
  public func sorted() -> [(key: Key, value: Value)] {
    entries.sorted { $0.key < $1.key }.map { (Key(identity: $0.key), $0.value) }
  }
}

extension Map: Sequence {
  /// The entries, ordered by key.
  @inlinable
  public func makeIterator() -> IndexingIterator<[(key: Key, value: Value)]> {
    sorted().makeIterator()
  }
}

extension Map: ExpressibleByDictionaryLiteral {
  /// A map with these entries; of two with one key the last counts.
  @inlinable
  public init(dictionaryLiteral elements: (Key, Value)...) {
    for (key, value) in elements { self[key] = value }
  }
}

extension Map: Equatable where Value: Equatable {}
extension Map: Hashable where Value: Hashable {}

/// A string that is equal to another only if the bytes are.
public struct UTF8Key: Hashable, Sendable, Comparable {
  /// The string.
  public let string: String

  /// The identity of a string.
  @inlinable public init(_ string: String) { self.string = string }

  /// Compares the bytes.
  @inlinable
  public static func == (first: UTF8Key, second: UTF8Key) -> Bool {
    first.string.utf8.elementsEqual(second.string.utf8)
  }

  /// Orders by the bytes, which is the order of the code points.
  @inlinable
  public static func < (first: UTF8Key, second: UTF8Key) -> Bool {
    first.string.utf8.lexicographicallyPrecedes(second.string.utf8)
  }

  /// Hashes the bytes.
  @inlinable
  public func hash(into hasher: inout Hasher) {
    for byte in string.utf8 { hasher.combine(byte) }
    hasher.combine(0xff as UInt8)
  }
}

extension String: MapKey {
  /// The string's bytes.
  @inlinable public var identity: UTF8Key { UTF8Key(self) }
  /// The string with these bytes.
  @inlinable public init(identity: UTF8Key) { self = identity.string }
}

extension Bool: MapKey {
  /// 0 or 1.
  @inlinable public var identity: UInt8 { self ? 1 : 0 }
  /// True for all but 0.
  @inlinable public init(identity: UInt8) { self = identity != 0 }
}

/// An integer that is its own identity as a key.
public protocol IntegerMapKey: MapKey, FixedWidthInteger where Identity == Self {}

extension IntegerMapKey {
  /// The number itself.
  @inlinable public var identity: Self { self }
  /// The number itself.
  @inlinable public init(identity: Self) { self = identity }
}

extension Int32: IntegerMapKey {}
extension Int64: IntegerMapKey {}
extension UInt32: IntegerMapKey {}
extension UInt64: IntegerMapKey {}
