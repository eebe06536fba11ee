/// A position in bytes that somebody else wrote.
///
/// Borrows the bytes, copies nothing, and never reads past `end`: the end of the input or of the
/// submessage being read. Arithmetic on lengths happens only after they were compared with what is
/// left, so it cannot overflow.
public struct Reader: ~Escapable {
  @usableFromInline let bytes: Span<UInt8>
  @usableFromInline var position = 0
  @usableFromInline var end: Int
  /// How many more messages or groups may be opened.
  @usableFromInline var remainingDepth: Int
  @usableFromInline var memory: MemoryBudget
  /// The field that `nextField` announced: its number and wire type, and where its tag and its
  /// value begin.
  @usableFromInline var tag: UInt32 = 0
  @usableFromInline var tagStart = 0
  @usableFromInline var valueStart = 0
  /// The number of the group that is being read; 0 in a message that its length delimits.
  @usableFromInline var openGroup: UInt32 = 0
  /// Values of a packed field that a closed enum does not name, as unknown fields.
  @usableFromInline var strays: [UInt8] = []

  @_lifetime(copy bytes)
  @inlinable
  init(_ bytes: Span<UInt8>, limits: DecodingLimits) {
    self.bytes = bytes
    self.end = bytes.count
    self.remainingDepth = limits.maximumDepth
    self.memory = MemoryBudget(limits, inputSize: bytes.count)
  }

  @inlinable
  func error(_ reason: DecodingError.Reason) -> DecodingError {
    DecodingError(reason, offset: position)
  }

  @inlinable
  mutating func charge(_ size: Int) throws(DecodingError) {
    guard memory.charge(size) else { throw error(.tooMuchMemory) }
  }

  /// Takes an object of this size off the memory that may be allocated.
  @inlinable
  public mutating func willAllocate(_ size: Int) throws(DecodingError) {
    guard memory.charge(size, overhead: MemoryBudget.objectOverhead) else {
      throw error(.tooMuchMemory)
    }
  }

  // MARK: Fields

  @inlinable
  var wireType: UInt8 { UInt8(truncatingIfNeeded: tag & 7) }

  /// Whether the message that is being read has no more bytes.
  @inlinable
  var isAtEnd: Bool { position >= end }

  /// Reads the next tag and returns its field number, or nil at the end of the message.
  @inlinable @inline(__always)
  mutating func nextField() throws(DecodingError) -> Int? {
    guard position < end else { return nil }
    tagStart = position
    let first = bytes[position]
    if first < 0x80, first >= 8, first & 7 <= 2 {
      position &+= 1
      tag = UInt32(first)
    } else {
      tag = try readTag()
      if wireType == WireType.endGroup.rawValue { return try endGroup() }
    }
    valueStart = position
    return Int(tag >> 3)
  }

  /// Whether nobody has read the value of the field that `nextField` announced.
  ///
  /// Every value takes at least one byte, so a field that was read has moved the position.
  @inlinable
  var isFieldUnread: Bool { position == valueStart }

  /// Reads a tag of up to five bytes, which hold the 32 bits of one.
  ///
  /// What is longer is refused like everywhere else. "Field numbers are 1 to 536,870,911", and the
  /// wire types 6 and 7 mean nothing.
  @usableFromInline
  mutating func readTag() throws(DecodingError) -> UInt32 {
    let value = try readVarint(maximumBytes: 5)
    guard let tag = UInt32(exactly: value), tag >= 8, tag & 7 <= 5 else {
      throw error(.invalidTag)
    }
    return tag
  }

  // MARK: Scalars

  @inlinable @inline(__always)
  mutating func readVarint() throws(DecodingError) -> UInt64 {
    guard position < end else { throw error(.truncated) }
    let first = bytes[position]
    guard first < 0x80 else { return try readVarint(maximumBytes: 10) }
    position &+= 1
    return UInt64(first)
  }

  /// Reads a varint of any length up to a maximum.
  ///
  /// Overlong forms are valid. Of a tenth byte only the lowest bit counts: the shift drops the
  /// others, as upb and C++ do.
  @usableFromInline
  mutating func readVarint(maximumBytes: Int) throws(DecodingError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    let limit = min(end, position &+ maximumBytes)
    for index in position..<limit {
      let byte = bytes[index]
      value |= UInt64(byte & 0x7f) &<< shift
      shift &+= 7
      guard byte >= 0x80 else {
        position = index &+ 1
        return value
      }
    }
    throw error(limit &- position < maximumBytes ? .truncated : .malformedVarint)
  }

  @inlinable
  mutating func readFixed<Value: FixedWidthInteger>() throws(DecodingError) -> Value {
    let size = MemoryLayout<Value>.size
    guard end &- position >= size else { throw error(.truncated) }
    var value: Value = 0
    for index in 0..<size {
      value |= Value(truncatingIfNeeded: bytes[position &+ index]) &<< Value(8 &* index)
    }
    position &+= size
    return value
  }

  // MARK: Length-delimited values

  /// Reads a length and makes sure that so many bytes are left.
  @inlinable @inline(__always)
  mutating func readLength() throws(DecodingError) -> Int {
    guard position < end else { throw error(.truncated) }
    let first = bytes[position]
    let length: UInt64
    if first < 0x80 {
      position &+= 1
      length = UInt64(first)
    } else {
      length = try readVarint(maximumBytes: 5)
    }
    guard length <= UInt64(truncatingIfNeeded: end &- position) else { throw error(.truncated) }
    return Int(truncatingIfNeeded: length)
  }

  @inlinable
  mutating func readString() throws(DecodingError) -> String {
    let length = try readLength()
    let start = position
    position &+= length
    // Up to 15 bytes stand in the string itself.
    if length > 15 { try charge(length) }
    let utf8 = bytes.extracting(start..<position)
    do {
      return String(copying: try UTF8Span(validating: utf8))
    } catch {
      throw DecodingError(.invalidUTF8, offset: start)
    }
  }

  @inlinable
  mutating func readBytes() throws(DecodingError) -> [UInt8] {
    let length = try readLength()
    let start = position
    position &+= length
    guard length > 0 else { return [] }
    try charge(length)
    return Array(copying: bytes.extracting(start..<position))
  }

  /// Reads a submessage into a message that may already hold something.
  @inlinable
  mutating func mergeMessage<M: Message>(into message: inout M) throws(DecodingError) {
    let length = try readLength()
    let (outerEnd, outerGroup) = (end, openGroup)
    end = position &+ length
    openGroup = 0
    try descend()
    try message.merge(from: &self)
    remainingDepth &+= 1
    end = outerEnd
    openGroup = outerGroup
  }

  @inlinable
  mutating func descend() throws(DecodingError) {
    guard remainingDepth > 0 else { throw error(.tooDeep) }
    remainingDepth &-= 1
  }
}

// MARK: Groups

extension Reader {
  /// Reads fields up to the tag that ends the announced group.
  @inlinable
  mutating func mergeGroup<M: Message>(into message: inout M) throws(DecodingError) {
    let outerGroup = openGroup
    let number = tag >> 3
    openGroup = number
    try descend()
    try message.merge(from: &self)
    remainingDepth &+= 1
    // The message is over at the end of what holds it, too, but then the group is not.
    guard tag == number << 3 | 4, openGroup == 0 else { throw error(.truncated) }
    openGroup = outerGroup
  }

  /// Ends the group that is being read; that its tag is the last one read says that it has ended.
  @usableFromInline
  mutating func endGroup() throws(DecodingError) -> Int? {
    guard openGroup != 0, tag >> 3 == openGroup else { throw error(.unbalancedGroup) }
    openGroup = 0
    // An empty group has moved the position, and so it has been read.
    valueStart = tagStart
    return nil
  }
}
