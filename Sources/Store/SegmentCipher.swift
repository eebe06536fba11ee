private import Linux
internal import OpenSSL
private import Zlib

/// The data key of one segment: seals its records, or opens them again.
///
/// Every segment has a fresh random key, and a segment is never appended to by another process than
/// the one that created it. So the sequence number of a record, which never repeats within a
/// segment, is a nonce that is never used twice. A record whose write failed is not sealed again.
struct SegmentCipher: ~Copyable, Sendable {
  private var cipher: AESGCM
  private let binding: [UInt8]
  /// Empty; kept for its memory, so that not every record takes some for its associated data.
  private var spare: [UInt8] = []

  /// Draws a data key for the segment that `header` describes and wraps it into the header.
  init(
    creating header: inout SegmentHeader, _ masterKey: SecretBytes
  ) throws(CryptoError) {
    let dataKey = try Random.secret(Format.keyLength)
    var wrapping = try AESGCM(key: Self.wrappingKey(masterKey, header))
    let associatedData = header.associatedData
    header.wrappedKey = try dataKey.withBytes { key throws(CryptoError) in
      var wrapped: [UInt8] = []
      try wrapping.seal(
        key, nonce: Self.wrappingNonce, authenticating: associatedData.span,
        appendingTo: &wrapped)
      return wrapped
    }
    try self.init(dataKey, header)
  }

  /// Unwraps the data key of a segment that exists, which proves the whole header to be ours.
  ///
  /// Throws `.authenticationFailed` if it is not, or if this is not the master key it names.
  init(opening header: SegmentHeader, _ masterKey: SecretBytes) throws(CryptoError) {
    var wrapping = try AESGCM(key: Self.wrappingKey(masterKey, header))
    var dataKey = try wrapping.open(
      header.wrappedKey.span, nonce: Self.wrappingNonce, authenticating: header.associatedData.span)
    try self.init(SecretBytes(cleansing: &dataKey), header)
  }

  private init(_ dataKey: SecretBytes, _ header: SegmentHeader) throws(CryptoError) {
    cipher = try AESGCM(key: dataKey)
    var binding = header.segment
    binding.append(little: header.masterKeyVersion)
    self.binding = binding
  }

  /// Appends one whole record to `output` and returns the link to it.
  mutating func seal(
    _ payload: [UInt8], _ header: RecordHeader, after previous: Link,
    appendingTo output: inout [UInt8]
  ) throws(CryptoError) -> Link {
    let start = output.count
    header.encode(into: &output)
    var associatedData = takeSpare()
    defer { giveBack(&associatedData) }
    associatedData += output[start...]
    associatedData += binding
    associatedData += previous.tag
    try cipher.seal(
      payload.span, nonce: AESGCM.Nonce(counter: header.sequence),
      authenticating: associatedData.span, appendingTo: &output)
    let tag = Array(output.suffix(Format.tagLength))
    var crc = CRC32()
    crc.update(output.span.extracting(start...))
    output.append(little: crc.value)
    return Link(sequence: header.sequence, tag: tag)
  }

  /// The payload of a record, if it was sealed in this segment right after `previous`.
  mutating func open(
    _ frame: Frame, in file: Span<UInt8>, after previous: Link
  ) throws(CryptoError) -> [UInt8] {
    var associatedData = takeSpare()
    defer { giveBack(&associatedData) }
    associatedData.append(contentsOf: file.extracting(frame.headerRange))
    associatedData += binding
    associatedData += previous.tag
    return try cipher.open(
      file.extracting(frame.sealedRange), nonce: AESGCM.Nonce(counter: frame.header.sequence),
      authenticating: associatedData.span)
  }

  private mutating func takeSpare() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &spare)
    return taken
  }

  private mutating func giveBack(_ taken: inout [UInt8]) {
    swap(&taken, &spare)
    spare.removeAll(keepingCapacity: true)
  }

  /// A key for one message only: the master key, salted with an identifier that never repeats.
  private static func wrappingKey(
    _ masterKey: SecretBytes, _ header: SegmentHeader
  ) throws(CryptoError) -> SecretBytes {
    try HKDF.sha256(
      secret: masterKey, salt: header.segment, info: Array("linkd store data key v1".utf8),
      count: Format.keyLength)
  }

  /// May be fixed, for the wrapping key seals nothing else.
  private static let wrappingNonce = AESGCM.Nonce(counter: 0)
}
