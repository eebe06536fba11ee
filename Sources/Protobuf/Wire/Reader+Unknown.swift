extension Reader {
  /// Moves past the announced field, which nobody knew, and keeps its bytes, tag included.
  @usableFromInline
  mutating func keepUnknown(in unknownFields: inout UnknownFields) throws(DecodingError) {
    guard strays.isEmpty else {
      // The field was read but for these values.
      let fields = strays
      strays = []
      return try append(fields.span, to: &unknownFields)
    }
    let start = tagStart
    try skipField()
    try append(bytes.extracting(start..<position), to: &unknownFields)
  }

  private mutating func append(
    _ fields: Span<UInt8>, to unknownFields: inout UnknownFields
  ) throws(DecodingError) {
    guard unknownFields.append(fields, within: &memory) else { throw error(.tooMuchMemory) }
  }

  /// Keeps a value that a closed enum does not name as a field of its own, which is handed over when
  /// the packed field has been read: until then it counts as unread.
  @usableFromInline
  mutating func keepStray(_ value: UInt64) throws(DecodingError) {
    guard memory.makeRoom(for: 15, in: &strays) else { throw error(.tooMuchMemory) }
    for var rest in [UInt64(tag & ~7), value] {
      while rest >= 0x80 {
        strays.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      strays.append(UInt8(truncatingIfNeeded: rest))
    }
  }

  /// Moves past the value of the announced field.
  @usableFromInline
  mutating func skipField() throws(DecodingError) {
    try skipValue(tag)
  }

  private mutating func skipValue(_ tag: UInt32) throws(DecodingError) {
    switch WireType(rawValue: UInt8(truncatingIfNeeded: tag & 7)) {
    case .varint: _ = try readVarint()
    case .fixed64: try advance(8)
    case .lengthDelimited: try advance(try readLength())
    case .startGroup: try skipGroup(tag >> 3)
    case .fixed32: try advance(4)
    case .endGroup: throw error(.unbalancedGroup)
    case nil: throw error(.invalidTag)
    }
  }

  /// Moves past everything up to the end of a group, which must carry the same field number.
  private mutating func skipGroup(_ number: UInt32) throws(DecodingError) {
    try descend()
    while position < end {
      let tag = try readTag()
      guard tag & 7 == UInt32(WireType.endGroup.rawValue) else {
        try skipValue(tag)
        continue
      }
      guard tag >> 3 == number else { throw error(.unbalancedGroup) }
      remainingDepth &+= 1
      return
    }
    throw error(.truncated)
  }

  private mutating func advance(_ count: Int) throws(DecodingError) {
    guard end &- position >= count else { throw error(.truncated) }
    position &+= count
  }
}
