private import Linux

/// Writing the integers of the file format: little-endian, all of them.
extension [UInt8] {
  mutating func append<Value: FixedWidthInteger>(little value: Value) {
    unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
  }
}

/// Reading bytes that may be anything: an answer is nil where there is too little, never a trap.
extension Span<UInt8> {
  func little<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type = Value.self, at offset: Int
  ) -> Value? {
    let length = Value.bitWidth / 8
    guard has(length, at: offset) else { return nil }
    var value: Value = 0
    for index in 0..<length { value |= Value(self[offset + index]) << (8 * index) }
    return value
  }

  func array(_ length: Int, at offset: Int) -> [UInt8]? {
    guard has(length, at: offset) else { return nil }
    var bytes: [UInt8] = []
    bytes.append(contentsOf: extracting(offset..<offset + length))
    return bytes
  }

  private func has(_ length: Int, at offset: Int) -> Bool {
    offset >= 0 && length >= 0 && offset <= count && length <= count - offset
  }
}
