private import CLinux
private import Glibc

/// What libc does to memory faster than a loop over a span, in any build.
extension [UInt8] {
  /// Appends the bytes of a span.
  ///
  /// Wraps `memcpy`.
  package mutating func append(contentsOf bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}

extension Span<UInt8> {
  /// Whether all bytes of the range are zero.
  ///
  /// Wraps `memcmp`.
  package func isZero(_ range: Range<Int>) -> Bool {
    let bytes = extracting(range)
    guard bytes.count > 0 else { return true }
    return unsafe bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress, unsafe bytes[0] == 0 else { return false }
      // Each byte equals the one before it, and the first is zero.
      return unsafe memcmp(start, start + 1, bytes.count - 1) == 0
    }
  }

  /// Whether these bytes come before those: byte by byte, and a prefix before what it begins.
  ///
  /// Wraps `memcmp`.
  package func precedes(_ other: Span<UInt8>) -> Bool {
    let common = min(count, other.count)
    let order = unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        guard let left = left.baseAddress, let right = right.baseAddress else { return CInt(0) }
        return unsafe memcmp(left, right, common)
      }
    }
    return order == 0 ? count < other.count : order < 0
  }

  /// The place of the first such byte at or after `start`.
  ///
  /// Wraps `memchr`.
  package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
    guard (0..<count).contains(start) else { return nil }
    return unsafe extracting(start...).withUnsafeBytes { bytes in
      guard
        let base = bytes.baseAddress,
        let found = unsafe memchr(base, CInt(byte), bytes.count)
      else { return nil }
      return unsafe start + (UnsafeRawPointer(found) - base)
    }
  }
}
