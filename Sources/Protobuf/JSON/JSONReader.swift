/// A position in JSON that somebody else wrote.
///
/// Borrows the bytes and reads them once, without building a tree. Strict: RFC 8259 and nothing
/// else, one document, members of an object at most once.
public struct JSONReader: ~Escapable {
  let bytes: Span<UInt8>
  var position = 0
  let options: JSONDecodingOptions
  /// How many more messages, or values that are skipped, may be opened.
  var remainingDepth: Int
  var memory: MemoryBudget
  /// Whether the next value is the key of a map, and so a string whatever its type.
  var isReadingKey = false

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, options: JSONDecodingOptions) {
    self.bytes = bytes
    self.options = options
    // The outermost message does not count, but is opened like any other.
    remainingDepth = min(options.limits.maximumDepth, .max - 1) + 1
    memory = MemoryBudget(options.limits, inputSize: bytes.count)
  }

  func error(_ reason: DecodingError.Reason) -> DecodingError {
    DecodingError(reason, offset: position)
  }

  mutating func charge(_ size: Int) throws(DecodingError) {
    guard memory.charge(size) else { throw error(.tooMuchMemory) }
  }

  /// Takes an object of this size off the memory that may be allocated.
  public mutating func willAllocate(_ size: Int) throws(DecodingError) {
    guard memory.charge(size, overhead: MemoryBudget.objectOverhead) else {
      throw error(.tooMuchMemory)
    }
  }

  mutating func descend() throws(DecodingError) {
    guard remainingDepth > 0 else { throw error(.tooDeep) }
    remainingDepth -= 1
  }

  /// Reads a message and makes sure that nothing follows it.
  mutating func readDocument(into message: inout some Message) throws(DecodingError) {
    try message.merge(from: &self)
    skipWhiteSpace()
    guard position == bytes.count else { throw error(.malformedJSON) }
  }

  // MARK: Tokens

  private mutating func skipWhiteSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      default: return
      }
    }
  }

  /// The first byte of the next token, which stays unread; 0 at the end.
  mutating func peek() -> UInt8 {
    skipWhiteSpace()
    return position < bytes.count ? bytes[position] : 0
  }

  /// Reads a token of one byte if it is the next one.
  mutating func take(_ token: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: token) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ token: Unicode.Scalar) throws(DecodingError) {
    guard take(token) else { throw unexpected() }
  }

  /// What to say of a next token that is not what is wanted: it may be JSON or not.
  mutating func unexpected() -> DecodingError {
    switch peek() {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "-"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "t"), UInt8(ascii: "f"),
      UInt8(ascii: "n"):
      error(.unfitJSON)
    default: error(.malformedJSON)
    }
  }

  /// Reads a literal (`true`, `false`, `null`) if it is the next token.
  mutating func take(literal: StaticString) throws(DecodingError) -> Bool {
    let text = "\(literal)".utf8
    guard peek() == text.first else { return false }
    guard bytes.count - position >= text.count else { throw error(.malformedJSON) }
    for (offset, byte) in text.enumerated() where bytes[position + offset] != byte {
      throw error(.malformedJSON)
    }
    position += text.count
    return true
  }

  mutating func takeNull() throws(DecodingError) -> Bool { try take(literal: "null") }

  // MARK: Objects and lists

  /// Reads an object and lets `body` read the value of each member.
  mutating func readMembers(
    _ body: (String, inout JSONReader) throws(DecodingError) -> Void
  ) throws(DecodingError) {
    try expect("{")
    if take("}") { return }
    repeat {
      let name = try readString()
      guard take(":") else { throw error(.malformedJSON) }
      try body(name, &self)
    } while take(",")
    guard take("}") else { throw error(.malformedJSON) }
  }

  /// Reads a list and lets `body` read each element.
  mutating func readElements(
    _ body: (inout JSONReader) throws(DecodingError) -> Void
  ) throws(DecodingError) {
    try expect("[")
    if take("]") { return }
    repeat { try body(&self) } while take(",")
    guard take("]") else { throw error(.malformedJSON) }
  }

  /// Reads any value and drops it.
  mutating func skipValue() throws(DecodingError) {
    switch peek() {
    case UInt8(ascii: "{"):
      try descend()
      try skipMembers()
      remainingDepth += 1
    case UInt8(ascii: "["):
      try descend()
      try readElements { (reader: inout JSONReader) throws(DecodingError) in
        try reader.skipValue()
      }
      remainingDepth += 1
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "t"): _ = try take(literal: "true")
    case UInt8(ascii: "f"): _ = try take(literal: "false")
    case UInt8(ascii: "n"): _ = try take(literal: "null")
    default: _ = try readNumberText()
    }
  }

  private mutating func skipMembers() throws(DecodingError) {
    try expect("{")
    if take("}") { return }
    repeat {
      try skipString()
      guard take(":") else { throw error(.malformedJSON) }
      try skipValue()
    } while take(",")
    guard take("}") else { throw error(.malformedJSON) }
  }
}
