import TextCoding

/// A JSON text (RFC 8259), read strictly: nothing after it, no name twice, UTF-8 only.
indirect enum JSON: Sendable {
  case null
  case bool(Bool)
  /// As it was written; a number of 64 bits does not survive as a floating-point one.
  case number(String)
  case string(String)
  case array([JSON])
  case object([(name: String, value: JSON)])

  /// Nil for anything that is not one JSON text.
  init?(parsing bytes: [UInt8]) {
    guard bytes.count <= Limits.answer, String(validating: bytes, as: UTF8.self) != nil else {
      return nil
    }
    var parser = JSONParser(bytes)
    guard let value = parser.parse() else { return nil }
    self = value
  }

  /// The member of an object.
  subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
  }

  var text: String? { if case .string(let text) = self { text } else { nil } }

  var integer: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }

  var elements: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
}

/// Reads JSON from the front; every step gives nil if the text is not well-formed.
private struct JSONParser {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  mutating func parse() -> JSON? {
    guard let value = takeValue(depth: 0) else { return nil }
    skipBlanks()
    return rest.isEmpty ? value : nil
  }

  private mutating func takeValue(depth: Int) -> JSON? {
    guard depth < Limits.jsonDepth else { return nil }
    skipBlanks()
    switch rest.first {
    case UInt8(ascii: "{"): return takeObject(depth: depth)
    case UInt8(ascii: "["): return takeArray(depth: depth)
    case UInt8(ascii: "\""): return takeString().map(JSON.string)
    case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return take("null") ? .null : nil
    default: return takeNumber()
    }
  }

  private mutating func takeObject(depth: Int) -> JSON? {
    var members: [(name: String, value: JSON)] = []
    var names: Set<[UInt8]> = []
    guard take("{") else { return nil }
    skipBlanks()
    if take("}") { return .object([]) }
    repeat {
      skipBlanks()
      guard let name = takeString(), names.insert(Array(name.utf8)).inserted else { return nil }
      skipBlanks()
      guard take(":"), let value = takeValue(depth: depth + 1) else { return nil }
      members.append((name, value))
      skipBlanks()
    } while take(",")
    return take("}") ? .object(members) : nil
  }

  private mutating func takeArray(depth: Int) -> JSON? {
    var elements: [JSON] = []
    guard take("[") else { return nil }
    skipBlanks()
    if take("]") { return .array([]) }
    repeat {
      guard let value = takeValue(depth: depth + 1) else { return nil }
      elements.append(value)
      skipBlanks()
    } while take(",")
    return take("]") ? .array(elements) : nil
  }

  private mutating func takeString() -> String? {
    guard take("\"") else { return nil }
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(validating: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = takeEscape() else { return nil }
        bytes += Array(String(Character(scalar)).utf8)
      case 0..<0x20: return nil
      default: bytes.append(byte)
      }
    }
    return nil
  }

  private mutating func takeEscape() -> Unicode.Scalar? {
    switch rest.popFirst() {
    case UInt8(ascii: "\""): "\""
    case UInt8(ascii: "\\"): "\\"
    case UInt8(ascii: "/"): "/"
    case UInt8(ascii: "b"): "\u{8}"
    case UInt8(ascii: "f"): "\u{C}"
    case UInt8(ascii: "n"): "\n"
    case UInt8(ascii: "r"): "\r"
    case UInt8(ascii: "t"): "\t"
    case UInt8(ascii: "u"): takeUnicodeEscape()
    default: nil
    }
  }

  /// Characters beyond 16 bits are two escapes; half a pair is no character.
  private mutating func takeUnicodeEscape() -> Unicode.Scalar? {
    guard let first = takeCodeUnit() else { return nil }
    guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
    guard take("\\u"), let second = takeCodeUnit(), (0xDC00..<0xE000).contains(second) else {
      return nil
    }
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private mutating func takeCodeUnit() -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = rest.popFirst().flatMap(Hex.value(of:)) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// `-`, an integer without leading zeros, a fraction, an exponent.
  private mutating func takeNumber() -> JSON? {
    let start = rest
    _ = take("-")
    guard take("0") || takeDigits() else { return nil }
    if take("."), !takeDigits() { return nil }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      guard takeDigits() else { return nil }
    }
    return .number(String(decoding: start.prefix(start.count - rest.count), as: UTF8.self))
  }

  private mutating func takeDigits() -> Bool {
    let digits = rest.prefix(while: \.isDigit)
    rest = rest.dropFirst(digits.count)
    return !digits.isEmpty
  }

  private mutating func take(_ text: String) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }

  private mutating func skipBlanks() {
    rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
  }
}
