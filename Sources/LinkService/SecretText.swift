internal import OAuth

extension Secret {
  /// The secret as text, to be kept in a record.
  ///
  /// Sealed on disk, redacted where records are shown.
  var text: String {
    withBytes { bytes in
      var copy: [UInt8] = []
      for index in bytes.indices { copy.append(bytes[index]) }
      return String(decoding: copy, as: UTF8.self)
    }
  }
}
