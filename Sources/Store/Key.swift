private import Linux

/// The name of a value: a byte string, ordered byte by byte.
///
/// Keys are compared as bytes and never as text, for what looks equal to Unicode must not open
/// somebody else's entry.
public struct Key: Hashable, Sendable {
  /// The name itself.
  public let bytes: [UInt8]

  /// Makes a key of these bytes.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Makes a key of the UTF-8 of `text`.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// Whether this key begins with all bytes of `prefix`.
  public func hasPrefix(_ prefix: Key) -> Bool { bytes.starts(with: prefix.bytes) }
}

extension Key: Comparable {
  /// Compares byte by byte; a prefix comes before what it begins.
  public static func < (left: Key, right: Key) -> Bool {
    left.bytes.span.precedes(right.bytes.span)
  }
}

extension Key: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  /// Makes a key of the UTF-8 of a literal.
  public init(stringLiteral text: String) { self.init(text) }
}

/// What the store holds under a key.
public struct Entry: Hashable, Sendable {
  /// The bytes that were put.
  public let value: [UInt8]

  /// The sequence number of the batch that put them: it never repeats, and grows with every batch.
  public let version: UInt64

  /// A value as the batch `version` put it.
  public init(value: [UInt8], version: UInt64) {
    self.value = value
    self.version = version
  }
}

extension Entry: CustomStringConvertible {
  /// Version and length; a value may be a secret and is never shown.
  public var description: String { "Entry(\(value.count) bytes, version \(version))" }
}
