/// What a decoder may still allocate for one input.
///
/// A few bytes can ask for much more memory than they take: two for each empty element of a list
/// whose elements are large structs. Every allocation whose size the input decides is charged
/// before it is made.
@usableFromInline
struct MemoryBudget {
  @usableFromInline private(set) var remaining: Int

  /// What arrays and strings cost besides their content: Swift's header of 32 bytes, the allocator's
  /// of 8, and its rounding up to 16.
  @usableFromInline static let overhead = 56
  /// What objects cost besides their content: Swift's header takes 16 bytes.
  @usableFromInline static let objectOverhead = 40
  /// What dictionaries cost besides their entries.
  @usableFromInline static let dictionaryOverhead = 112

  @inlinable
  init(_ limits: DecodingLimits, inputSize: Int) {
    let (scaled, overflow) = inputSize.multipliedReportingOverflow(by: limits.memoryPerByte)
    remaining = overflow ? .max : limits.baseMemory.addingReportingOverflow(scaled).partialValue
    if remaining < 0 { remaining = .max }
  }

  /// Takes off what an allocation of this size costs; false if that is more than is left.
  @inlinable
  mutating func charge(_ size: Int, overhead: Int = Self.overhead) -> Bool {
    remaining &-= size &+ overhead
    return remaining >= 0
  }

  /// Gives back what an allocation cost that has been released.
  @inlinable
  mutating func refund(_ size: Int, overhead: Int = Self.overhead) {
    if size > 0 { remaining &+= size &+ overhead }
  }

  /// Makes room in an array for so many more elements; false if the budget does not allow it.
  @inlinable
  mutating func makeRoom<Element>(for more: Int, in values: inout [Element]) -> Bool {
    let old = values.capacity
    guard old &- values.count < more else { return true }
    let stride = MemoryLayout<Element>.stride
    let (needed, overflow) = max(values.count &+ more, old &* 2)
      .multipliedReportingOverflow(by: stride)
    guard !overflow, charge(needed) else { return false }
    values.reserveCapacity(needed / stride)
    refund(old &* stride)
    return true
  }

  /// Makes room in a dictionary for one more entry; false if the budget does not allow it.
  ///
  /// A hash table has a power of two of buckets of which it fills three quarters.
  @inlinable
  mutating func makeRoom<Key, Value>(in entries: [Key: Value]) -> Bool {
    guard entries.count == entries.capacity else { return true }
    let entry = MemoryLayout<Key>.stride &+ MemoryLayout<Value>.stride &+ 1
    let old = entries.capacity == 0 ? 0 : (entries.capacity &* 4 &+ 2) / 3 &* entry
    let new = max(2 &* entry, old &* 2)
    guard charge(new, overhead: Self.dictionaryOverhead) else { return false }
    refund(old, overhead: Self.dictionaryOverhead)
    return true
  }
}
