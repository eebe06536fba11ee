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
        output += [percent, hexDigit(byte >> 4), hexDigit(byte & 0xF)]
      }
    }
    return output
  }

  /// Never fails: what is not an escape stands for itself, what is not UTF-8 becomes U+FFFD.
  ///
  /// "When decoding invalid values, implementations MUST NOT error or throw away the message."
  package static func decode(_ bytes: Span<UInt8>) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      if bytes[index] == percent, index + 2 < bytes.count,
        let high = hexValue(bytes[index + 1]), let low = hexValue(bytes[index + 2])
      {
        output.append(high << 4 | low)
        index += 3
      } else {
        output.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
