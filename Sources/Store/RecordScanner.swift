private import Linux

/// Walks the records of a segment by what can be read without a key.
struct RecordScanner {
  /// Where the last good record ends.
  private(set) var offset = Format.headerLength
  /// The sequence number of the next record.
  private(set) var expected: UInt64

  enum Step {
    /// The next record.
    case record(Frame)
    /// Zeros or nothing follow: every record has been seen.
    case end
    /// What follows was cut short before it was acknowledged.
    case torn
    /// What follows was acknowledged, and is not what was written.
    case damaged(offset: Int, reason: String)
  }

  /// Starts behind the header of a segment that continues from `base`.
  init(after base: Link) { expected = base.sequence &+ 1 }

  /// Moves on by one record.
  mutating func next(in file: Span<UInt8>) -> Step {
    guard let start = start(in: file) else {
      return .damaged(offset: offset, reason: "the padding after a record is not zero")
    }
    if let frame = Frame(at: start, in: file), frame.header.sequence == expected {
      offset = frame.range.upperBound
      expected &+= 1
      return .record(frame)
    }
    if file.isZero(start..<file.count) { return .end }
    return TailRule.isTorn(at: start, expecting: expected, in: file)
      ? .torn : .damaged(offset: start, reason: "acknowledged records follow what is not a record")
  }

  /// Where the next record begins: behind the last one or, if there is padding, behind that.
  private func start(in file: Span<UInt8>) -> Int? {
    guard offset < file.count, file[offset] == 0 else { return offset }
    let aligned = min(Format.alignedUp(offset), file.count)
    return file.isZero(offset..<aligned) ? aligned : nil
  }
}
