/// Bytes that grow from back to front.
///
/// A submessage stands behind its own length, so a writer that goes forward must first know sizes:
/// a second pass over the message, or bytes moved afterwards. Going backward, the length is known
/// when it is its turn. Generated code therefore names the fields from the last to the first.
///
/// The only file of this module with unsafe code: the same writer over an array, which checks
/// bounds and uniqueness at every byte, took 5.0 µs for ten accounts of `link.v1` and this one 1.7.
/// Nothing but `advance` moves `position`, and it makes room first.
@safe
public struct Writer: ~Copyable {
  /// What was written fills it from `position` to the end.
  @usableFromInline var memory: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  /// Where the first written byte lies: from 0 to `capacity`.
  @usableFromInline var position: Int
  @usableFromInline var isTooLarge = false

  @inlinable
  init(capacity: Int = 4_096) {
    unsafe memory = .allocate(capacity: capacity)
    self.capacity = capacity
    position = capacity
  }

  deinit { unsafe memory.deallocate() }

  /// How many bytes have been written.
  @inlinable
  var count: Int { capacity &- position }

  /// Moves the position forward by so many bytes, which the caller fills.
  @inlinable @inline(__always)
  mutating func advance(_ size: Int) {
    if position < size { grow(by: size) }
    position &-= size
  }

  /// At least doubles the memory.
  ///
  /// Past the largest size, drops everything instead and remembers it: the memory stays bounded, and
  /// `finish` fails.
  @usableFromInline
  mutating func grow(by size: Int) {
    let (needed, overflow) = size.addingReportingOverflow(count)
    if overflow || needed > maximumEncodedSize { isTooLarge = true }
    let kept = isTooLarge ? 0 : count
    let newCapacity = isTooLarge ? max(size, 4_096) : max(needed, capacity &* 2)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
    unsafe (larger + newCapacity - kept).initialize(from: memory + capacity - kept, count: kept)
    unsafe memory.deallocate()
    unsafe memory = larger
    capacity = newCapacity
    position = newCapacity &- kept
  }

  // MARK: Primitives

  @inlinable @inline(__always)
  mutating func writeVarint(_ value: UInt64) {
    guard value < 0x80 else { return writeLongVarint(value) }
    advance(1)
    unsafe memory[position] = UInt8(truncatingIfNeeded: value)
  }

  /// Writes a varint of at least two bytes.
  @usableFromInline
  mutating func writeLongVarint(_ value: UInt64) {
    // 7 bits a byte: up to 8 bytes hold 56 bits.
    guard value < 1 << 56 else { return writeLongestVarint(value) }
    // How many bytes: bits / 7, rounded up, without a division.
    let size = ((64 &- value.leadingZeroBitCount) &* 9 &+ 64) &>> 6
    if position < 8 { grow(by: 8) }
    // Eight bytes are stored that end where the varint does; those before it are free.
    let free = UInt64(truncatingIfNeeded: (8 &- size) &* 8)
    let continued = (0x0080_8080_8080_8080 as UInt64) &>> free
    let stored = (Self.spread(value) | continued) &<< free
    unsafe UnsafeMutableRawPointer(memory + position - 8)
      .storeBytes(of: stored.littleEndian, as: UInt64.self)
    position &-= size
  }

  /// Moves each group of seven bits into a byte of its own.
  @inline(__always)
  private static func spread(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits & 0x00ff_ffff_f000_0000) &<< 4 | bits & 0x0fff_ffff
    bits = (bits & 0x0fff_c000_0fff_c000) &<< 2 | bits & 0x0000_3fff_0000_3fff
    bits = (bits & 0x3f80_3f80_3f80_3f80) &<< 1 | bits & 0x007f_007f_007f_007f
    return bits
  }

  /// Writes a varint of nine or ten bytes.
  private mutating func writeLongestVarint(_ value: UInt64) {
    let size = value >> 63 == 0 ? 9 : 10
    advance(size)
    for index in 0..<size {
      let bits = UInt8(truncatingIfNeeded: value &>> UInt64(7 &* index)) & 0x7f
      unsafe memory[position &+ index] = index &+ 1 < size ? bits | 0x80 : bits
    }
  }

  @inlinable
  mutating func writeFixed<Value: FixedWidthInteger>(_ value: Value) {
    let size = MemoryLayout<Value>.size
    advance(size)
    for index in 0..<size {
      unsafe memory[position &+ index] = UInt8(truncatingIfNeeded: value &>> Value(8 &* index))
    }
  }

  @inlinable @inline(__always)
  mutating func writeRaw(_ bytes: Span<UInt8>) {
    guard !bytes.isEmpty else { return }
    advance(bytes.count)
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      unsafe (memory + position).initialize(from: start, count: source.count)
    }
  }

  /// Writes the length of what was written since `following` bytes had been, and the tag.
  @inlinable @inline(__always)
  mutating func writeHeader(_ number: Int, since following: Int) {
    let length = count &- following
    guard number < 16, length < 0x80, position >= 2 else {
      writeVarint(UInt64(truncatingIfNeeded: length))
      return writeTag(number, .lengthDelimited)
    }
    position &-= 2
    unsafe memory[position &+ 1] = UInt8(truncatingIfNeeded: length)
    unsafe memory[position] = UInt8(truncatingIfNeeded: number &<< 3 | 2)
  }

  @inlinable @inline(__always)
  mutating func writeTag(_ number: Int, _ wireType: WireType) {
    writeVarint(UInt64(truncatingIfNeeded: number) &<< 3 | UInt64(wireType.rawValue))
  }

  // MARK: Elements

  /// Lends each element of an array, the last one first.
  ///
  /// An iterator or a subscript would copy the elements, and so count a reference for each string in
  /// them up and down: a third of the time that ten accounts take. `inout` is how to pass one without
  /// a copy; nothing is ever written to it.
  @inlinable @inline(__always)
  mutating func forEachFromLast<Element>(
    _ elements: [Element], _ body: (inout Element, inout Writer) -> Void
  ) {
    unsafe elements.withUnsafeBufferPointer { buffer in
      guard let start = unsafe UnsafeMutablePointer(mutating: buffer.baseAddress) else { return }
      for index in buffer.indices.reversed() { unsafe body(&start[index], &self) }
    }
  }

  // MARK: What was written

  /// Lends what was written.
  @inlinable
  borrowing func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    unsafe body(UnsafeBufferPointer(start: memory + position, count: count))
  }

  /// Lends what was written.
  borrowing func withSpan(_ body: (Span<UInt8>) -> Void) {
    unsafe withBytes { unsafe body($0.span) }
  }

  /// Appends what was written to an array.
  @inlinable
  borrowing func finish(appendingTo array: inout [UInt8]) throws(EncodingError) {
    guard !isTooLarge else { throw .tooLarge }
    unsafe withBytes { unsafe array.append(contentsOf: $0) }
  }

  borrowing func isEqual(to other: borrowing Writer) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count
    where unsafe memory[position + index] != other.memory[other.position + index] { return false }
    return true
  }

  borrowing func hash(into hasher: inout Hasher) {
    unsafe withBytes { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
