import HTTP2
import ScriptedPeer

/// Strings of RFC 7541, appendix C.4, compressed.
private enum Huffman {
  /// The bytes of `www.example.com`.
  static let authority: [UInt8] = [
    0x8C, 0xF1, 0xE3, 0xC2, 0xE5, 0xF2, 0x3A, 0x6B, 0xA0, 0xAB, 0x90, 0xF4, 0xFF,
  ]
  /// The bytes of `custom-key`.
  static let name: [UInt8] = [0x88, 0x25, 0xA8, 0x49, 0xE9, 0x5B, 0xA9, 0x7D, 0x7F]
  /// The bytes of `custom-value`.
  static let value: [UInt8] = [0x89, 0x25, 0xA8, 0x49, 0xE9, 0x5B, 0xB8, 0xE8, 0xB4, 0xBF]
}

extension ConformanceCase {
  /// RFC 7541 (T13): every way to write a field, and every way to get it wrong.
  static let hpack: [ConformanceCase] = representations + mistakes

  private static let plainName: [UInt8] = [5] + Array("x-key".utf8)
  private static let plainValue: [UInt8] = [5] + Array("value".utf8)

  /// A request that ends in `field`.
  private static func accepts(_ id: String, _ rule: String, _ field: [UInt8]) -> ConformanceCase {
    ConformanceCase(id, rule, Frame.headers(1, Fields.request + field), is: .answers)
  }

  // 0x40, 0x00 and 0x10 begin a literal that is to be indexed, not, and never; 58 is the index of
  // `user-agent`, which needs six bits in the first form and four with a continuation in the others.
  private static let representations: [ConformanceCase] = [
    accepts("generic 5/1", "a field of the table", [0x90]),
    accepts("generic 5/2", "indexed, name of the table", [0x7A] + plainValue),
    accepts("generic 5/3", "indexed, name of the table, compressed", [0x7A] + Huffman.value),
    accepts("generic 5/4", "indexed, new name", [0x40] + plainName + plainValue),
    accepts("generic 5/5", "indexed, new name, compressed", [0x40] + Huffman.name + Huffman.value),
    accepts("generic 5/6", "not indexed, name of the table", [0x0F, 0x2B] + plainValue),
    accepts(
      "generic 5/7", "not indexed, name of the table, compressed", [0x0F, 0x2B] + Huffman.value),
    accepts("generic 5/8", "not indexed, new name", [0x00] + plainName + plainValue),
    accepts(
      "generic 5/9", "not indexed, new name, compressed", [0x00] + Huffman.name + Huffman.value),
    accepts("generic 5/10", "never indexed, name of the table", [0x1F, 0x2B] + plainValue),
    accepts(
      "generic 5/11", "never indexed, name of the table, compressed", [0x1F, 0x2B] + Huffman.value),
    accepts("generic 5/12", "never indexed, new name", [0x10] + plainName + plainValue),
    accepts(
      "generic 5/13", "never indexed, new name, compressed", [0x10] + Huffman.name + Huffman.value),
    ConformanceCase(
      "generic 5/14", "a smaller table", Frame.headers(1, [0x20] + Fields.request), is: .answers),
    ConformanceCase(
      "generic 5/15", "a smaller table and a larger one again",
      Frame.headers(1, [0x20, 0x3F, 0xE1, 0x1F] + Fields.request), is: .answers),
  ]

  /// A request that ends in `field`, which cannot be decoded.
  private static func refuses(_ id: String, _ rule: String, _ field: [UInt8]) -> ConformanceCase {
    ConformanceCase(
      id, rule, Frame.headers(1, Fields.request + field), is: .connectionError([.compressionError])
    )
  }

  private static let mistakes: [ConformanceCase] = [
    refuses("hpack 2.3.3/1", "a field at an index beyond both tables", [0xC6]),
    refuses("hpack 2.3.3/2", "a name at an index beyond both tables", [0x7F, 0x07] + plainValue),
    refuses("hpack 4.2/1", "a table size at the end of a block", [0x20]),
    // `a` is 00011: eleven bits of padding follow instead of at most seven.
    refuses(
      "hpack 5.2/1", "more than seven bits of padding", [0x00] + plainName + [0x82, 0x1F, 0xFF]),
    refuses("hpack 5.2/2", "padding with zeros", [0x00] + plainName + [0x81, 0x18]),
    refuses(
      "hpack 5.2/3", "the end of a string written out",
      [0x00] + plainName + [0x84, 0xFF, 0xFF, 0xFF, 0xFF]),
    refuses("hpack 6.1/1", "index 0", [0x80]),
    ConformanceCase(
      "hpack 6.3/1", "a table larger than the settings allow",
      Frame.headers(1, [0x3F, 0xE2, 0x1F] + Fields.request),
      is: .connectionError([.compressionError])),
  ]
}
