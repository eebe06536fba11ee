/// The text of a number that follows JSON's grammar: `-12.5e3`.
struct JSONNumber {
  private var isNegative = false
  /// The digits of integer and fraction as a number; nil if it has more than 64 bits hold.
  ///
  /// Zeros at the end are counted in `exponent` instead.
  private var significand: UInt64? = 0
  private var pendingZeros = 0
  /// The power of ten that the significand is multiplied with.
  private var exponent = 0

  /// Fails for whatever is not exactly one number.
  init?(_ text: Span<UInt8>) {
    var index = 0
    func digit() -> UInt64? {
      guard index < text.count, (0x30...0x39).contains(text[index]) else { return nil }
      return UInt64(text[index] - 0x30)
    }
    func take(_ tokens: Unicode.Scalar...) -> Bool {
      guard index < text.count, tokens.contains(where: { UInt8(ascii: $0) == text[index] }) else {
        return false
      }
      index += 1
      return true
    }
    isNegative = take("-")
    // "Leading zeros are not allowed."
    guard let first = digit() else { return nil }
    repeat { append(digit() ?? 0); index += 1 } while first != 0 && digit() != nil
    if take(".") {
      guard digit() != nil else { return nil }
      while let next = digit() {
        append(next)
        exponent -= 1
        index += 1
      }
    }
    if take("e", "E") {
      let isSmall = take("-")
      if !isSmall { _ = take("+") }
      guard digit() != nil else { return nil }
      var power = 0
      while let next = digit() {
        // Larger ones make no difference.
        power = min(power * 10 + Int(next), 1_000_000_000)
        index += 1
      }
      exponent += isSmall ? -power : power
    }
    guard index == text.count else { return nil }
    exponent += pendingZeros
  }

  private mutating func append(_ digit: UInt64) {
    guard digit != 0 else {
      pendingZeros += 1
      return
    }
    // Zeros between digits are digits.
    for _ in 0..<min(pendingZeros, 20) { multiply(adding: 0) }
    if pendingZeros > 20, significand != 0 { significand = nil }
    pendingZeros = 0
    multiply(adding: digit)
  }

  private mutating func multiply(adding digit: UInt64) {
    guard let value = significand else { return }
    let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
    let (sum, carry) = tenfold.addingReportingOverflow(digit)
    significand = overflow || carry ? nil : sum
  }

  /// The number, if it is whole and the type can hold it: `1e3` and `2.0` are whole.
  func integer<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
    guard var magnitude = significand else { return nil }
    if magnitude == 0 { return 0 }
    guard (0...20).contains(exponent) else { return nil }
    for _ in 0..<exponent {
      let (tenfold, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      magnitude = tenfold
    }
    guard isNegative else { return Value(exactly: magnitude) }
    return magnitude <= 1 << 63 ? Value(exactly: Int64(truncatingIfNeeded: 0 &- magnitude)) : nil
  }
}

extension JSONReader {
  /// Reads a number and gives its text, which may still not follow the grammar.
  mutating func readNumberText() throws(DecodingError) -> String {
    _ = peek()
    let start = position
    while position < bytes.count, Self.isNumeric(bytes[position]) { position += 1 }
    let text = bytes.extracting(start..<position)
    guard JSONNumber(text) != nil else { throw error(.malformedJSON) }
    return String(decoding: [UInt8](copying: text), as: UTF8.self)
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// Reads a number, or a string that holds one, and gives the text.
  private mutating func readNumberOrString() throws(DecodingError) -> String {
    switch peek() {
    case UInt8(ascii: "\""): try readString()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumberText()
    default: throw unexpected()
    }
  }

  /// Reads an integer: as a number or in a string, with an exponent or without.
  mutating func readInteger<Value: FixedWidthInteger>(
    _ type: Value.Type = Value.self
  ) throws(DecodingError) -> Value {
    let text = try readNumberOrString()
    guard let value = JSONNumber(text.utf8.span)?.integer(type) else { throw error(.unfitJSON) }
    return value
  }

  /// Reads a floating-point number: as a number or in a string, or the name of what is none.
  mutating func readFloatingPoint<Value: BinaryFloatingPoint & LosslessStringConvertible>(
    _ type: Value.Type = Value.self
  ) throws(DecodingError) -> Value {
    let isQuoted = peek() == UInt8(ascii: "\"")
    let text = try readNumberOrString()
    switch text {
    case "NaN" where isQuoted: return .nan
    case "Infinity" where isQuoted: return .infinity
    case "-Infinity" where isQuoted: return -.infinity
    default: break
    }
    guard JSONNumber(text.utf8.span) != nil, let value = Value(text), value.isFinite else {
      throw error(.unfitJSON)
    }
    return value
  }
}
