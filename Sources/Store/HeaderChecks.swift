internal import OpenSSL

/// What opening a file makes of its header.
extension SegmentHeader {
  /// Reads the header at the start of the file `name`, which must be of this kind and number and
  /// belong to `store`.
  static func read(
    _ name: FileName, _ bytes: Span<UInt8>, of store: [UInt8]
  ) throws(StoreError) -> SegmentHeader {
    let header: SegmentHeader
    do throws(Malformation) {
      header = try SegmentHeader(bytes)
    } catch {
      switch error {
      case .damaged(let reason): throw .damaged(file: name.text, offset: 0, reason: reason)
      case .unsupported(let format): throw .unsupportedFormat(file: name.text, format: format)
      }
    }
    guard header.kind == name.kind, header.number == name.number, header.store == store else {
      throw .tampered(file: name.text, offset: 0)
    }
    return header
  }

  /// Unwraps the data key of the file `name`, which proves the header.
  ///
  /// Without keys there is none, and nothing is proven.
  func cipher(
    _ name: FileName, _ keys: MasterKeys?
  ) throws(StoreError) -> SegmentCipher? {
    guard let keys else { return nil }
    guard let masterKey = keys.key(version: masterKeyVersion) else {
      throw .unknownMasterKey(version: masterKeyVersion, file: name.text)
    }
    do throws(CryptoError) {
      return try SegmentCipher(opening: self, masterKey)
    } catch .authenticationFailed {
      throw .wrongMasterKey(version: masterKeyVersion, file: name.text)
    } catch { throw .crypto(error) }
  }
}

extension StoreError {
  /// Opens a record; one that was not sealed at this place is an error about `file`.
  static func at<Result>(
    _ file: FileName, _ offset: Int, _ body: () throws(CryptoError) -> Result
  ) throws(StoreError) -> Result {
    do throws(CryptoError) {
      return try body()
    } catch .authenticationFailed {
      throw .tampered(file: file.text, offset: offset)
    } catch { throw .crypto(error) }
  }
}
