import TextCoding

extension JSONReader {
  /// Reads a string.
  mutating func readString() throws(DecodingError) -> String {
    guard take("\"") else { throw unexpected() }
    let start = position
    var unescaped: [UInt8] = []
    // Where what has not been copied yet begins; only a string with escapes is copied in pieces.
    var pending = start
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        let rest = bytes.extracting(pending..<position)
        position += 1
        if pending == start { return try string(rest) }
        unescaped.append(copying: rest)
        return try string(unescaped.span)
      case UInt8(ascii: "\\"):
        guard memory.makeRoom(for: position - pending + 4, in: &unescaped) else {
          throw error(.tooMuchMemory)
        }
        unescaped.append(copying: bytes.extracting(pending..<position))
        let scalar = try readEscape()
        unescaped.append(contentsOf: String(scalar).utf8)
        pending = position
      // "All characters except … the control characters U+0000 to U+001F may stand unescaped."
      case 0..<0x20: throw error(.malformedJSON)
      default: position += 1
      }
    }
    throw error(.malformedJSON)
  }

  /// Moves past a string, which takes no memory.
  mutating func skipString() throws(DecodingError) {
    guard take("\"") else { throw unexpected() }
    var start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        try validate(start..<position)
        position += 1
        return
      case UInt8(ascii: "\\"):
        try validate(start..<position)
        _ = try readEscape()
        start = position
      case 0..<0x20: throw error(.malformedJSON)
      default: position += 1
      }
    }
    throw error(.malformedJSON)
  }

  private func validate(_ range: Range<Int>) throws(DecodingError) {
    do { _ = try UTF8Span(validating: bytes.extracting(range)) } catch {
      throw DecodingError(.invalidUTF8, offset: range.lowerBound)
    }
  }

  private mutating func string(_ utf8: Span<UInt8>) throws(DecodingError) -> String {
    if utf8.count > 15 { try charge(utf8.count) }
    do { return String(copying: try UTF8Span(validating: utf8)) } catch {
      throw DecodingError(.invalidUTF8, offset: position)
    }
  }

  private mutating func readEscape() throws(DecodingError) -> Unicode.Scalar {
    guard bytes.count - position >= 2 else { throw error(.malformedJSON) }
    let letter = bytes[position + 1]
    position += 2
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try readUnicodeEscape()
    default: throw error(.malformedJSON)
    }
  }

  /// Reads the digits behind `\u`, and the second half of a surrogate pair.
  private mutating func readUnicodeEscape() throws(DecodingError) -> Unicode.Scalar {
    let unit = try readHexDigits()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard unit < 0xdc00, bytes.count - position >= 2, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw error(.malformedJSON) }
    position += 2
    let low = try readHexDigits()
    let pair = 0x10000 + (UInt32(unit & 0x3ff) << 10 | UInt32(low & 0x3ff))
    guard low & 0xfc00 == 0xdc00, let scalar = Unicode.Scalar(pair) else {
      throw error(.malformedJSON)
    }
    return scalar
  }

  private mutating func readHexDigits() throws(DecodingError) -> UInt16 {
    guard bytes.count - position >= 4 else { throw error(.malformedJSON) }
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Hex.value(of: bytes[position]) else { throw error(.malformedJSON) }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }
}
