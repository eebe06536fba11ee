import CZlib

/// The CRC-32 of RFC 1952 (reflected polynomial 0xEDB88320), computed piece by piece.
public struct CRC32: Sendable, Hashable {
  /// The checksum of all bytes so far; 0 before the first.
  public private(set) var value: UInt32 = 0

  /// Starts with no bytes.
  public init() {}

  /// Returns the checksum of `bytes` alone.
  public static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc = CRC32()
    crc.update(bytes.span)
    return crc.value
  }

  /// Takes in the bytes that follow.
  ///
  /// Wraps `crc32_z`.
  public mutating func update(_ bytes: Span<UInt8>) {
    let next = unsafe bytes.withUnsafeBufferPointer { buffer in
      // A null pointer would mean "start again" to zlib.
      unsafe buffer.isEmpty ? uLong(value) : crc32_z(uLong(value), buffer.baseAddress, buffer.count)
    }
    value = UInt32(truncatingIfNeeded: next)
  }
}
