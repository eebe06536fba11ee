/// The bytes that a vector writes in hexadecimal, blanks allowed.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap { $0.hexDigitValue.map { UInt8($0) } }
  precondition(digits.count.isMultiple(of: 2), "a vector with half a byte")
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// `count` times the same byte.
func bytes(_ byte: UInt8, _ count: Int) -> [UInt8] { .init(repeating: byte, count: count) }
