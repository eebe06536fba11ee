/// The standard alphabet of RFC 4648 with padding, for signatures and Basic credentials.
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let group = rest.prefix(3)
      rest = rest.dropFirst(3)
      // Three bytes are four digits of six bits; missing bytes count as zero.
      let bits = (0..<3).reduce(UInt32(0)) { bits, place in
        bits << 8 | UInt32(group.dropFirst(place).first ?? 0)
      }
      for digit in 0...group.count {
        text.append(alphabet[Int(bits >> UInt32(18 - 6 * digit) & 0x3F)])
      }
      text += repeatElement(UInt8(ascii: "="), count: 3 - group.count)
    }
    return String(decoding: text, as: UTF8.self)
  }
}
