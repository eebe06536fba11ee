/// Values as Swift source.
enum Literal {
  /// A string in quotes.
  static func string(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case " "..."~": String(scalar)
      default: "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return "\"\(escaped.joined())\""
  }

  /// The default of a field of this type, from the text in its descriptor.
  static func value(_ text: String, of type: String) -> String {
    switch (type, text) {
    case ("String", _): string(text)
    case ("[UInt8]", _):
      "[\(bytes(text).map { "0x" + String($0, radix: 16) }.joined(separator: ", "))]"
    case (_, "inf"): ".infinity"
    case (_, "-inf"): "-.infinity"
    case (_, "nan"): ".nan"
    default: text
    }
  }

  /// The bytes that descriptors write with C's escapes: `\\001`, `\\n`, `\\\\`.
  private static func bytes(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
        bytes.append(byte)
        continue
      }
      switch letter {
      case UInt8(ascii: "n"): bytes.append(0x0a)
      case UInt8(ascii: "r"): bytes.append(0x0d)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        let digits = [letter] + rest.prefix(2)
        rest = rest.dropFirst(2)
        bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 & 7) })
      default: bytes.append(letter)
      }
    }
    return bytes
  }
}
