extension Reader {
  /// Moves past the announced field, which nobody knew, and keeps its bytes, tag included.
  @usableFromInline
  mutating func keepUnknown(in unknownFields: inout UnknownFields) throws(DecodingError) {
    try skipField()
    unknownFields.append(bytes.extracting(tagStart..<position))
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
