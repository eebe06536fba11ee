internal import OpenSSL

/// Reads the records of one segment into the state that those before it left.
struct SegmentReplay: ~Copyable {
  private let name: String
  private var cipher: SegmentCipher
  private var scanner: RecordScanner

  /// Where the last good record ends.
  var end: Int { scanner.offset }

  /// Reads the header, which must be that of segment `number` of this store and continue from the
  /// end of what was recovered so far.
  init(
    _ name: String, _ number: UInt64, _ bytes: Span<UInt8>, _ keys: MasterKeys,
    continuing recovered: borrowing Recovered
  ) throws(StoreError) {
    let header = try Self.header(name, bytes)
    let cipher = try Self.cipher(name, header, keys)
    guard header.number == number, header.store == recovered.mark.store else {
      throw .tampered(file: name, offset: 0)
    }
    guard header.base == recovered.end else {
      throw .damaged(file: name, offset: 0, reason: "does not continue the segment before it")
    }
    self.cipher = cipher
    self.name = name
    scanner = RecordScanner(after: header.base)
  }

  private static func header(
    _ name: String, _ bytes: Span<UInt8>
  ) throws(StoreError) -> SegmentHeader {
    do throws(SegmentHeader.Malformation) {
      return try SegmentHeader(bytes)
    } catch {
      switch error {
      case .damaged(let reason): throw .damaged(file: name, offset: 0, reason: reason)
      case .unsupported(let format): throw .unsupportedFormat(file: name, format: format)
      }
    }
  }

  private static func cipher(
    _ name: String, _ header: SegmentHeader, _ keys: MasterKeys
  ) throws(StoreError) -> SegmentCipher {
    guard let masterKey = keys.key(version: header.masterKeyVersion) else {
      throw .unknownMasterKey(version: header.masterKeyVersion, file: name)
    }
    do throws(CryptoError) {
      return try SegmentCipher(opening: header, masterKey)
    } catch .authenticationFailed {
      throw .wrongMasterKey(version: header.masterKeyVersion, file: name)
    } catch { throw .crypto(error) }
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
        throw .damaged(file: name, offset: offset, reason: reason)
      case .torn:
        guard isLast, recovered.end.sequence >= recovered.mark.link.sequence else {
          throw .damaged(file: name, offset: end, reason: "acknowledged records are cut off")
        }
        return true
      }
    }
  }

  private mutating func apply(
    _ frame: Frame, _ bytes: Span<UInt8>, _ recovered: inout Recovered
  ) throws(StoreError) {
    let offset = frame.range.lowerBound
    let payload: [UInt8]
    do throws(CryptoError) {
      payload = try cipher.open(frame, in: bytes, after: recovered.end)
    } catch .authenticationFailed {
      throw .tampered(file: name, offset: offset)
    } catch { throw .crypto(error) }
    guard let batch = Batch(payload: payload.span) else {
      throw .damaged(file: name, offset: offset, reason: "the record's content is malformed")
    }
    let sequence = frame.header.sequence
    recovered.index.apply(batch, version: sequence)
    recovered.end = Link(
      sequence: sequence, tag: bytes.array(Format.tagLength, at: frame.tagRange.lowerBound) ?? [])
    let mark = recovered.mark.link
    guard sequence != mark.sequence || recovered.end == mark else {
      throw .rolledBack(reason: "record \(sequence) is not the one that was written")
    }
  }
}
