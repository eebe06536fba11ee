/// What travels with a call beside its messages: names with values, in order, repeats allowed.
///
/// Names are lower case. A name that ends in `-bin` has bytes as its value; every other value is
/// printable ASCII. What breaks the rules is refused when it is sent, not when it is put in, so
/// that filling a value in stays simple.
///
/// All names and values lie in one buffer: most calls carry metadata that nobody reads, and a
/// string for each would be what a small call spends its time on.
public struct Metadata: Sendable, Hashable {
  /// Where a name and its value lie: the value follows the name.
  private struct Entry: Hashable {
    var start: Int
    var valueStart: Int
    var end: Int
  }

  private var bytes: [UInt8] = []
  private var entries: [Entry] = []

  /// Nothing.
  public init() {}

  /// Adds an entry behind those that are there.
  ///
  /// The value of a `-bin` name is the text's UTF-8.
  public mutating func append(_ value: String, for name: String) {
    append(name: name.lowercased().utf8, value: value.utf8)
  }

  /// Adds an entry with bytes as its value; `name` must end in `-bin`.
  public mutating func append(_ value: [UInt8], for name: String) {
    append(name: name.lowercased().utf8, value: value)
  }

  private mutating func append(
    name: some Collection<UInt8>, value: some Collection<UInt8>
  ) {
    let start = bytes.count
    bytes.append(contentsOf: name)
    let valueStart = bytes.count
    bytes.append(contentsOf: value)
    entries.append(Entry(start: start, valueStart: valueStart, end: bytes.count))
  }

  /// Adds an entry as it came off the wire, its name in lower case and its value decoded.
  package mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
    let start = bytes.count
    bytes.append(copying: name)
    let valueStart = bytes.count
    bytes.append(copying: value)
    entries.append(Entry(start: start, valueStart: valueStart, end: bytes.count))
  }

  /// Adds all entries of `other` behind those that are there.
  public mutating func append(contentsOf other: Metadata) {
    for entry in other.entries {
      append(
        name: other.bytes[entry.start..<entry.valueStart],
        value: other.bytes[entry.valueStart..<entry.end])
    }
  }

  /// Removes every entry of this name.
  public mutating func removeAll(named name: String) {
    let name = name.lowercased()
    var kept = Metadata()
    for entry in entries where !isNamed(entry, name) {
      kept.append(
        name: bytes[entry.start..<entry.valueStart], value: bytes[entry.valueStart..<entry.end])
    }
    self = kept
  }
}

// MARK: - Reading

extension Metadata {
  /// The first value of a name; setting replaces all of its values.
  public subscript(name: String) -> String? {
    get {
      let name = name.lowercased()
      guard let entry = entries.first(where: { isNamed($0, name) }) else { return nil }
      return String(decoding: bytes[entry.valueStart..<entry.end], as: UTF8.self)
    }
    set {
      removeAll(named: name)
      if let newValue { append(newValue, for: name) }
    }
  }

  /// The first value of a `-bin` name; setting replaces all of its values.
  public subscript(binary name: String) -> [UInt8]? {
    get {
      let name = name.lowercased()
      guard let entry = entries.first(where: { isNamed($0, name) }) else { return nil }
      return Array(bytes[entry.valueStart..<entry.end])
    }
    set {
      removeAll(named: name)
      if let newValue { append(newValue, for: name) }
    }
  }

  /// All values of a name, in order.
  public func values(named name: String) -> [String] {
    let name = name.lowercased()
    return entries.filter { isNamed($0, name) }
      .map { String(decoding: bytes[$0.valueStart..<$0.end], as: UTF8.self) }
  }

  package func forEachValue(named name: String, _ body: (Span<UInt8>) -> Void) {
    for entry in entries where isNamed(entry, name) {
      body(bytes.span.extracting(entry.valueStart..<entry.end))
    }
  }

  /// All values of a `-bin` name, in order.
  public func binaryValues(named name: String) -> [[UInt8]] {
    let name = name.lowercased()
    return entries.filter { isNamed($0, name) }.map { Array(bytes[$0.valueStart..<$0.end]) }
  }

  private func isNamed(_ entry: Entry, _ name: String) -> Bool {
    bytes[entry.start..<entry.valueStart].elementsEqual(name.utf8)
  }
}

extension Metadata: RandomAccessCollection {
  /// A value: text, or bytes where the name ends in `-bin`.
  public enum Value: Sendable, Hashable {
    /// Printable ASCII.
    case text(String)
    /// Any bytes.
    case binary([UInt8])
  }

  /// A name and its value.
  public typealias Element = (name: String, value: Value)

  /// The place of the first entry.
  public var startIndex: Int { 0 }
  /// One past the place of the last entry.
  public var endIndex: Int { entries.count }

  /// The entry at a place.
  public subscript(position: Int) -> Element {
    let entry = entries[position]
    let name = String(decoding: bytes[entry.start..<entry.valueStart], as: UTF8.self)
    let value = bytes[entry.valueStart..<entry.end]
    return name.utf8.hasBinarySuffix
      ? (name, .binary(Array(value))) : (name, .text(String(decoding: value, as: UTF8.self)))
  }
}

extension Collection<UInt8> {
  /// Whether a name that reads so has bytes as its value.
  package var hasBinarySuffix: Bool { suffix(4).elementsEqual("-bin".utf8) }
}

extension Metadata: ExpressibleByDictionaryLiteral {
  /// Entries in the order in which they are written.
  public init(dictionaryLiteral elements: (String, Value)...) {
    for (name, value) in elements {
      switch value {
      case .text(let text): append(text, for: name)
      case .binary(let bytes): append(bytes, for: name)
      }
    }
  }
}

extension Metadata.Value: ExpressibleByStringInterpolation {
  /// Text.
  public init(stringLiteral value: String) { self = .text(value) }
}

extension Metadata: CustomStringConvertible {
  /// The names alone: values may be credentials.
  public var description: String { "[" + map(\.name).joined(separator: ", ") + "]" }
}
