internal import OpenSSL

/// Reads the records of one segment into the state that those before it left.
struct SegmentReplay: ~Copyable {
  private let name: FileName
  private var cipher: SegmentCipher?
  private var scanner: RecordScanner

  /// The version of the master key that the segment needs.
  let masterKeyVersion: UInt32

  /// Where the last good record ends.
  var end: Int { scanner.offset }

  /// Reads the header, which must be that of a segment of this store and continue from the end of
  /// what was recovered so far.
  ///
  /// Without keys only form, checksums and the chain of tags are looked at, and no state is made.
  init(
    _ name: FileName, _ bytes: Span<UInt8>, _ keys: MasterKeys?,
    continuing recovered: borrowing Recovered
  ) throws(StoreError) {
    let header = try SegmentHeader.read(name, bytes, of: recovered.mark.store)
    cipher = try header.cipher(name, keys)
    guard header.base == recovered.end else {
      throw .damaged(file: name.text, offset: 0, reason: "does not continue what is before it")
    }
    self.name = name
    masterKeyVersion = header.masterKeyVersion
    scanner = RecordScanner(after: header.base)
  }

  /// Applies every record, and answers whether an unacknowledged end was cut short.
  ///
  /// Only the last segment may end so: the ones before it were whole when they were left.
  mutating func run(
    _ bytes: Span<UInt8>, isLast: Bool, into recovered: inout Recovered
  ) throws(StoreError) -> Bool {
    while true {
      switch scanner.next(in: bytes) {
      case .record(let frame): try apply(frame, bytes, &recovered)
      case .end: return false
      case .damaged(let offset, let reason):
        throw .damaged(file: name.text, offset: offset, reason: reason)
      case .torn:
        guard isLast, recovered.end.sequence >= recovered.mark.link.sequence else {
          throw .damaged(file: name.text, offset: end, reason: "acknowledged records are cut off")
        }
        return true
      }
    }
  }

  private mutating func apply(
    _ frame: Frame, _ bytes: Span<UInt8>, _ recovered: inout Recovered
  ) throws(StoreError) {
    let offset = frame.range.lowerBound
    guard frame.header.kind == .batch else {
      throw .damaged(file: name.text, offset: offset, reason: "the record does not belong here")
    }
    let previous = recovered.end
    let payload = try StoreError.at(name, offset) { () throws(CryptoError) in
      try cipher?.open(frame, in: bytes, after: previous)
    }
    if let payload {
      guard let batch = Batch(payload: payload.span) else {
        throw .damaged(
          file: name.text, offset: offset, reason: "the record's content is malformed")
      }
      if recovered.index.apply(batch, version: frame.header.sequence) {
        recovered.holdsReplaced = true
      }
    }
    try recovered.advance(
      to: Link(
        sequence: frame.header.sequence,
        tag: bytes.array(Format.tagLength, at: frame.tagRange.lowerBound) ?? []))
  }
}
