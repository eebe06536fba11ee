import TextCoding

/// The percent-encoding of RFC 5849 section 3.6, which is stricter than that of URLs and forms.
public enum PercentEncoding {
  /// Encodes all but the unreserved characters of RFC 3986 (letters, digits and `-._~`), with
  /// upper-case hexadecimal digits and a space as `%20`.
  public static func encode(_ text: String) -> String {
    String(decoding: encode(utf8: text.utf8), as: UTF8.self)
  }

  /// Decodes what encoding gives.
  ///
  /// Takes lower-case hexadecimal digits too.
  public static func decode(_ text: String) throws(OAuthError) -> String {
    try decode(text.utf8, plusIsSpace: false)
  }

  static func encode(utf8 bytes: some Sequence<UInt8>) -> [UInt8] {
    var encoded: [UInt8] = []
    for byte in bytes { append(byte, to: &encoded) }
    return encoded
  }

  static func append(_ byte: UInt8, to encoded: inout [UInt8]) {
    if byte.isUnreserved {
      encoded.append(byte)
    } else {
      encoded += [UInt8(ascii: "%"), Hex.digit(byte >> 4), Hex.digit(byte & 0xF)]
    }
  }

  /// Decodes a name or value of a header (a plus sign is itself) or of a form (it is a space).
  static func decode(
    _ encoded: some Sequence<UInt8>, plusIsSpace: Bool
  ) throws(OAuthError) -> String {
    var bytes: [UInt8] = []
    var iterator = encoded.makeIterator()
    while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = iterator.next().flatMap(Hex.value(of:)),
          let low = iterator.next().flatMap(Hex.value(of:))
        else {
          throw OAuthError(.invalidEncoding, "a percent sign without two hexadecimal digits")
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    // RFC 5849 section 3.6: text values are UTF-8. Repairing others would sign something else
    // than what was sent.
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw OAuthError(.invalidEncoding, "bytes that are not UTF-8")
    }
    return text
  }
}

extension UInt8 {
  var isLetter: Bool {
    asciiLowercased >= UInt8(ascii: "a") && asciiLowercased <= UInt8(ascii: "z")
  }

  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  var isAlphanumeric: Bool { isLetter || isDigit }

  /// RFC 3986 section 2.3.
  var isUnreserved: Bool {
    switch self {
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
    default: isAlphanumeric
    }
  }

  /// Neither a control character nor a space nor a byte of a character beyond ASCII.
  var isVisible: Bool { self > 0x20 && self < 0x7F }

  var asciiLowercased: UInt8 {
    self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self + 32 : self
  }
}
