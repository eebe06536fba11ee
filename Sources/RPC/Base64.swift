/// RFC 4648, section 4: the form of `-bin` metadata.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The text for some bytes.
  ///
  /// "Implementations MUST accept padded and un-padded values and should emit un-padded values."
  package static func encodeUnpadded(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    var pending: UInt32 = 0
    var bits = 0
    for byte in bytes {
      pending = pending << 8 | UInt32(byte)
      bits += 8
      while bits >= 6 {
        bits -= 6
        output.append(alphabet[Int(pending >> UInt32(bits) & 0x3F)])
      }
    }
    if bits > 0 { output.append(alphabet[Int(pending << UInt32(6 - bits) & 0x3F)]) }
    return output
  }

  /// The bytes that `text` stands for, or nil if it stands for none.
  package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
    let digits = unpaddedCount(text)
    guard let digits, digits % 4 != 1 else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(digits / 4 * 3 + 2)
    var pending: UInt32 = 0
    var bits = 0
    for index in 0..<digits {
      guard let value = value(of: text[index]) else { return nil }
      pending = pending << 6 | value
      bits += 6
      if bits >= 8 {
        bits -= 8
        output.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
      }
    }
    return output
  }

  /// How many digits stand before the padding; nil where padding does not fill up a group of four.
  private static func unpaddedCount(_ text: Span<UInt8>) -> Int? {
    var digits = text.count
    while digits > 0, text[digits - 1] == UInt8(ascii: "=") { digits -= 1 }
    let padding = text.count - digits
    return padding == 0 || (padding <= 2 && text.count % 4 == 0) ? digits : nil
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
