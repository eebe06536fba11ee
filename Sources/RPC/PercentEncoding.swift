import TextCoding

/// The form of `grpc-message`: UTF-8 with everything but printable ASCII as `%XX`.
package enum PercentEncoding {
  private static let percent = UInt8(ascii: "%")

  /// Space to tilde stand for themselves, the percent sign does not.
  package static func encode(_ text: String) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if (0x20...0x7E).contains(byte), byte != percent {
        output.append(byte)
      } else {
        output += [percent, Hex.digit(byte >> 4), Hex.digit(byte & 0xF)]
      }
    }
    return output
  }

  /// Never fails: what is not an escape stands for itself, what is not UTF-8 becomes U+FFFD.
  ///
  /// "When decoding invalid values, implementations MUST NOT error or throw away the message."
  package static func decode(_ bytes: Span<UInt8>) -> String {
    String(decoding: self.bytes(bytes), as: UTF8.self)
  }

  /// The bytes that a text stands for; what is not an escape stands for itself.
  ///
  /// - Parameter plusIsSpace: whether `+` stands for a space, as in the queries of forms.
  package static func bytes(_ text: Span<UInt8>, plusIsSpace: Bool = false) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      if text[index] == percent, index + 2 < text.count,
        let high = Hex.value(of: text[index + 1]), let low = Hex.value(of: text[index + 2])
      {
        output.append(high << 4 | low)
        index += 3
      } else {
        let isSpace = plusIsSpace && text[index] == UInt8(ascii: "+")
        output.append(isSpace ? UInt8(ascii: " ") : text[index])
        index += 1
      }
    }
    return output
  }
}
