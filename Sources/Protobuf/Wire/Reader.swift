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
  /// The field that `nextField` announced: its number and wire type, and where its tag and its
  /// value begin.
  @usableFromInline var tag: UInt32 = 0
  @usableFromInline var tagStart = 0
  @usableFromInline var valueStart = 0

  @_lifetime(copy bytes)
  @inlinable
  init(_ bytes: Span<UInt8>, limits: DecodingLimits) {
    self.bytes = bytes
    self.end = bytes.count
    self.remainingDepth = limits.maximumDepth
  }

  @inlinable
  func error(_ reason: DecodingError.Reason) -> DecodingError {
    DecodingError(reason, offset: position)
  }

  // MARK: Fields

  @inlinable
  var wireType: UInt8 { UInt8(truncatingIfNeeded: tag & 7) }

  /// Reads the next tag and returns its field number, or nil at the end of the message.
  @inlinable
  mutating func nextField() throws(DecodingError) -> Int? {
    guard position < end else { return nil }
    tagStart = position
    tag = try readTag()
    valueStart = position
    return Int(tag >> 3)
  }

  /// Whether nobody has read the value of the field that `nextField` announced.
  ///
  /// Every value takes at least one byte, so a field that was read has moved the position.
  @inlinable
  var isFieldUnread: Bool { position == valueStart }

  @inlinable
  mutating func readTag() throws(DecodingError) -> UInt32 {
    let first = bytes[position]
    guard first < 0x80 else { return try readLongTag() }
    position &+= 1
    return try checkTag(UInt32(first))
  }

  /// "Field numbers are 1 to 536,870,911", and the wire types 6 and 7 mean nothing.
  @inlinable
  func checkTag(_ tag: UInt32) throws(DecodingError) -> UInt32 {
    guard tag >= 8, tag & 7 <= 5 else { throw error(.invalidTag) }
    return tag
  }

  /// A tag has 32 bits, so five bytes hold it; what is longer is refused like everywhere else.
  @usableFromInline
  mutating func readLongTag() throws(DecodingError) -> UInt32 {
    let value = try readVarint(maximumBytes: 5)
    guard let tag = UInt32(exactly: value) else { throw error(.invalidTag) }
    return try checkTag(tag)
  }

  // MARK: Scalars

  @inlinable
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
  @inlinable
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
    return Array(copying: bytes.extracting(start..<position))
  }

  /// Reads a length and lets `body` read exactly so many bytes.
  @inlinable
  mutating func readDelimited(
    _ body: (inout Reader) throws(DecodingError) -> Void
  ) throws(DecodingError) {
    let length = try readLength()
    let outerEnd = end
    end = position &+ length
    while position < end { try body(&self) }
    end = outerEnd
  }

  /// Reads a submessage into a message that may already hold something.
  @inlinable
  mutating func mergeMessage<M: Message>(into message: inout M) throws(DecodingError) {
    let length = try readLength()
    let outerEnd = end
    end = position &+ length
    try descend()
    try message.merge(from: &self)
    remainingDepth &+= 1
    end = outerEnd
  }

  @inlinable
  mutating func descend() throws(DecodingError) {
    guard remainingDepth > 0 else { throw error(.tooDeep) }
    remainingDepth &-= 1
  }
}
