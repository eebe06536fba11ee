internal import Linux
internal import OpenSSL

/// Reads a snapshot, record by record, so that its size is no matter.
///
/// Its name is given to it only when it is whole and on the disk. So it has no end that may be torn:
/// whatever is not as it was written is damage.
struct SnapshotReader: ~Copyable {
  private let name: FileName
  private let file: any DiskFile
  /// The length of the file.
  let size: Int
  private let base: Link
  private var cipher: SegmentCipher?
  private var previous = Link.origin
  private var offset = Format.headerLength
  private var index = IndexBuilder()

  /// The version of the master key that the snapshot needs.
  let masterKeyVersion: UInt32

  /// Reads the header, which must be that of this snapshot of `store`.
  init(
    _ name: FileName, _ file: any DiskFile, _ keys: MasterKeys?, of store: [UInt8]
  ) throws(StoreError) {
    let (size, bytes) = try StoreError.at(name.text) { () throws(SystemError) in
      (try file.size(), try file.read(Format.headerLength, at: 0))
    }
    let header = try SegmentHeader.read(name, bytes.span, of: store)
    cipher = try header.cipher(name, keys)
    (self.name, self.file, self.size) = (name, file, size)
    masterKeyVersion = header.masterKeyVersion
    base = header.base
  }

  /// Makes the state that of the snapshot, and moves its end to where the snapshot was made.
  mutating func run(into recovered: inout Recovered) throws(StoreError) {
    // Also what stands before damage: a repair keeps it.
    defer { recovered.index = index.finish() }
    while try !readRecord() {}
    guard offset == size else { throw damage("something follows the end") }
    try recovered.advance(to: base)
  }

  /// Whether it was the last one.
  private mutating func readRecord() throws(StoreError) -> Bool {
    let bytes = try nextBytes()
    guard
      let frame = Frame(at: 0, in: bytes.span),
      frame.range.upperBound == bytes.count, frame.header.sequence == previous.sequence + 1
    else { throw damage("this is not the next record") }
    let before = previous
    let payload = try StoreError.at(name, offset) { () throws(CryptoError) in
      try cipher?.open(frame, in: bytes.span, after: before)
    }
    let tag = bytes.span.array(Format.tagLength, at: frame.tagRange.lowerBound) ?? []
    if let payload { try apply(frame.header.kind, payload) }
    previous = Link(sequence: frame.header.sequence, tag: tag)
    offset += bytes.count
    return frame.header.kind == .end
  }

  private mutating func apply(
    _ kind: RecordHeader.Kind, _ payload: [UInt8]
  ) throws(StoreError) {
    let isGood =
      switch kind {
      case .entries: SnapshotPayload.read(payload.span, into: &index)
      case .end: payload == SnapshotPayload.end(count: index.count)
      case .batch: false
      }
    guard isGood else { throw damage("the record's content is malformed") }
  }

  /// As many bytes as the record at `offset` says it has, if it can have them.
  private func nextBytes() throws(StoreError) -> [UInt8] {
    let head = try read(8)
    guard let length = head.span.little(UInt32.self, at: 4), length <= Limits.payloadLength else {
      throw damage("this is not the next record")
    }
    return try read(Int(length) + Format.recordOverhead)
  }

  private func read(_ count: Int) throws(StoreError) -> [UInt8] {
    let bytes = try StoreError.at(name.text) { () throws(SystemError) in
      try file.read(count, at: offset)
    }
    guard bytes.count == count else { throw damage("the file is cut short") }
    return bytes
  }

  private func damage(_ reason: String) -> StoreError {
    .damaged(file: name.text, offset: offset, reason: reason)
  }
}
