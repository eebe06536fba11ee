private import Linux

/// Tells a write that was cut short, which nobody was promised, from damage to what was.
///
/// Records are written in groups, one group at a time, each synced before the next is begun and
/// each record naming the last one that was synced before it. Power loss may keep any sectors of
/// the group that was being written and lose the others, which then read as zeros, for a segment's
/// space is never used twice. So at a place where a record should be and is not:
///
/// 1. If a whole record further on names this one as synced, this one was acknowledged: damage.
/// 2. If whole records follow but none says so, they belong to the same group. It was cut short if
///    a sector is missing before the first of them; a changed bit leaves no missing sector: damage.
/// 3. If no whole record follows, the end of the last group is missing: cut short.
enum TailRule {
  static func isTorn(at offset: Int, expecting sequence: UInt64, in file: Span<UInt8>) -> Bool {
    guard let first = nextFrame(from: offset, in: file) else { return true }
    var later: Frame? = first
    while let frame = later {
      // Nor can a record that should come before this one stand behind it.
      if frame.header.synced >= sequence || frame.header.sequence < sequence { return false }
      later = nextFrame(from: frame.range.upperBound, in: file)
    }
    return hasLostSector(offset..<first.range.lowerBound, in: file)
  }

  /// The first whole record that begins at or after `offset`, at whatever byte.
  private static func nextFrame(from offset: Int, in file: Span<UInt8>) -> Frame? {
    var position = offset
    while let candidate = file.firstIndex(of: Format.firstOfRecord, from: position) {
      if let frame = Frame(at: candidate, in: file) { return frame }
      position = candidate + 1
    }
    return nil
  }

  /// Whether a sector's part of the range is all zeros.
  ///
  /// The last sector does not count: it is there, for the record behind the range begins in it.
  private static func hasLostSector(_ range: Range<Int>, in file: Span<UInt8>) -> Bool {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = Format.alignedUp(start + 1)
      guard end <= range.upperBound else { return false }
      if file.isZero(start..<end) { return true }
      start = end
    }
    return false
  }
}
